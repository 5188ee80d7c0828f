from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agentkit.core.protocol import Name, Policy, StartTask
from agentkit.core.well_formed import repaired, well_formed
from agentkit.errors import InvalidInput
from agentkit.server.input import MAX_DEPTH, checked, parsed, query_of

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_what_is_well_formed_comes_through_unchanged(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert parsed(text, "It") == value
        assert parsed(text.encode(), "It") == value


@given(st.text(st.characters(categories=["Cs", "L"])))
def test_no_half_of_a_surrogate_pair_comes_through(text: str) -> None:
    escaped = json.dumps([{text: text}])
    (fields,) = parsed(escaped, "It")
    ((name, value),) = fields.items()
    assert name == value == repaired(text)
    assert well_formed(value)
    json.dumps(value, ensure_ascii=False).encode()


@given(st.binary() | st.text().map(str.encode))
def test_bytes_are_json_or_refused(body: bytes) -> None:
    try:
        parsed(body, "The body")
    except InvalidInput as error:
        refused = error
    else:
        return
    assert refused.reason == "bad_json"
    assert refused.message.startswith("The body")
    assert len(refused.message) < 300


@pytest.mark.parametrize("pair", ["[]", ("{", "}")])
def test_nesting_is_taken_to_its_limit_and_not_beyond(pair: tuple[str, str]) -> None:
    begin, end = ('{"a":', "}") if pair[0] == "{" else ("[", "]")

    def nested(depth: int) -> str:
        return begin * depth + "1" + end * depth

    parsed(nested(MAX_DEPTH), "It")
    for depth in (MAX_DEPTH + 1, 900, 100_000):
        with pytest.raises(InvalidInput, match=rf"more than {MAX_DEPTH}"):
            parsed(nested(depth), "It")
    # Many are no harm where they are not within one another.
    assert len(parsed("[" + ",".join(["[]"] * 5_000) + "]", "It")) == 5_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NaN", "NaN is no number"),
        ("[-Infinity]", "-Infinity is no number"),
        ("1e999", "too large"),
        ("-" + "9" * 400 + ".0", "too large"),
        ("9" * 5_000, "5,000 digits"),
        ("{'a': 1}", "line 1 column 2"),
        ("1 2", "Extra data"),
        (b"\xff{}", "byte 0"),
        (b'{"a": "\xed\xa0\x80"}', "byte 7"),
    ],
)
def test_what_json_does_not_know_is_refused_by_name(text: str | bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        parsed(text, "It")
    assert len(caught.value.message) < 200


def test_a_shape_that_does_not_fit_is_told_by_field_value_and_expectation() -> None:
    body = {"input": 5, "limits": {"max_steps": 0}, "x" * 1_000: 1}
    with pytest.raises(InvalidInput) as caught:
        checked(TypeAdapter(StartTask), body, "The task", "invalid_input")
    message = caught.value.message
    assert "input: Input should be a valid string, not 5" in message
    assert "limits.max_steps: Input should be greater than or equal to 1, not 0" in message
    assert "is no known field" in message
    assert len(message) < 400
    with pytest.raises(InvalidInput, match="Input should be an object with fields, not \\[5]"):
        checked(TypeAdapter(StartTask), [5], "The task", "invalid_input")


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"drop": "maybe"}, "It: drop: Input should be 'allow', 'ask' or 'deny', not 'maybe'."),
        (
            {"a_[bc]": [{"whn": 1, "then": "ask"}]},
            "It: a_[bc].0.whn: is no known field (known are",
        ),
        (
            {"drop": [{"then": "no"}]},
            "It: drop.0.then: Input should be 'allow', 'ask' or 'deny', not",
        ),
    ],
)
def test_of_a_policy_that_does_not_fit_the_fault_is_told_once(policy: object, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked(TypeAdapter[Any](Policy), policy, "It", "invalid_input")
    assert caught.value.message.startswith(words)
    assert "; " not in caught.value.message


def test_a_name_that_cannot_be_one_is_told_in_words_what_names_are_made_of() -> None:
    with pytest.raises(InvalidInput, match=r"letters, digits, '_', '\.' and '-', .* not 'a b'"):
        checked(TypeAdapter[Any](Name), "a b", "It", "invalid_input")


def test_of_many_faults_the_first_are_told() -> None:
    body = {f"field{number}": 1 for number in range(100)}
    with pytest.raises(InvalidInput, match="and 95 more"):
        checked(TypeAdapter(StartTask), body, "The task", "invalid_input")


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", {}),
        ("a=1&a=2", {"a": "2"}),
        ("a=&b", {"a": "", "b": ""}),
        ("input=%20a%2Bb+c%20", {"input": " a+b c "}),
        ("input=%252F", {"input": "%2F"}),  # decoded once
        ("input=%ED%A0%80", {"input": "\ufffd\ufffd\ufffd"}),
    ],
)
def test_a_query_is_decoded_once_and_its_last_value_counts(
    query: str, fields: dict[str, str]
) -> None:
    assert query_of(query) == fields
