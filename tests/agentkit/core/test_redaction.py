"""Secrets never pass; everything else does, unchanged."""

from __future__ import annotations

import base64
import html
import json
import string
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from agentkit.core.redaction import Redactor
from agentkit.core.secret_rules import is_secret_name, is_secret_variable

BODY = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6kL9nO2rU5xA8"
UPPER = "ABCDEFGH23456789"

SAID = "correct-horse-9battery"

ISSUED = {
    "openai": f"sk-{BODY}",
    "openai project": f"sk-proj-{BODY[:30]}-{BODY[:10]}_x",
    "anthropic": f"sk-ant-api03-{BODY}",
    "stripe": f"sk_live_{BODY[:24]}",
    "github": f"ghp_{BODY[:36]}",
    "github app": f"ghs_{BODY[:36]}",
    "github fine-grained": f"github_pat_{BODY[:22]}_{BODY}",
    "gitlab": f"glpat-{BODY[:20]}",
    "aws": f"AKIA{UPPER}",
    "aws temporary": f"ASIA{UPPER}",
    "slack": f"xoxb-1234567890-{BODY[:24]}",
    "hugging face": f"hf_{BODY[:34]}",
    "google": f"AIza{BODY[:35]}",
    "google oauth": f"ya29.{BODY}",
    "jwt": f"eyJhbGciOiJIUzI1NiJ9.{BODY}.{BODY[:40]}",
    "npm": f"npm_{BODY[:36]}",
    "pypi": f"pypi-AgEIcHlwaS5vcmc{BODY}",
    "groq": f"gsk_{BODY}",
    "stripe webhook": f"whsec_{BODY[:32]}",
    "gitlab trigger": f"glptt-{BODY[:40]}",
    "gitlab runner": f"glrt-{BODY[:20]}",
    "slack cookie": f"xoxd-{BODY[:40]}",
    "slack refresh": f"xoxe.xoxp-1-{BODY}",
    "slack hook": f"https://hooks.slack.com/services/T{UPPER[:8]}/B{UPPER[:8]}/{BODY[:24]}",
    "google new": f"AQ.Ab8RN6{BODY[:40]}",
    "google oauth secret": f"GOCSPX-{BODY[:28]}",
    "hugging face organisation": f"api_org_{BODY[:34]}",
    "azure client secret": f"abc8Q~{BODY[:34]}",
    "telegram": f"1234567890:AA{BODY[:33]}",
    "docker hub": f"dckr_pat_{BODY[:27]}",
    "digital ocean": f"dop_v1_{'0a1b2c3d' * 8}",
    "vault": f"hvs.{BODY}",
    "langsmith": f"lsv2_pt_{BODY[:32]}_{BODY[:10]}",
    "perplexity": f"pplx-{BODY[:48]}",
    "cerebras": f"csk-{BODY[:48]}",
    "tavily": f"tvly-dev-{BODY[:32]}",
    "replicate": f"r8_{BODY[:37]}",
    "sourcegraph": f"sgp_{BODY[:40]}",
    "supabase": f"sbp_{'0a1b2c3d' * 5}",
    "grafana": f"glsa_{BODY[:32]}_0a1b2c3d",
    "linear": f"lin_api_{BODY[:40]}",
    "notion": f"ntn_{BODY[:46]}",
    "figma": f"figd_{BODY[:40]}",
    "shopify": f"shpat_{'0a1b2c3d' * 4}",
    "atlassian": f"ATATT3xFfGF0{BODY}=0A1B2C3D",
    "postman": f"PMAK-{BODY[:24]}-{BODY[:34]}",
    "new relic": f"NRAK-{UPPER}{UPPER[:11]}",
    "azure storage": f"AccountName=a;AccountKey={BODY}{BODY}==;EndpointSuffix=core.windows.net",
    "bearer": f"Bearer {BODY}",
    "basic": f"Basic {base64.b64encode(b'somebody:something').decode()}",
    "url": "postgres://ana:hunter2hunter2@db.example.org/sales",
    "assignment": "export MAIL_PASSWORD=correct-horse-battery",
    "code": 'api_key = "quite-a-private-value"',
    "json": '{"client_secret": "quite-a-private-value"}',
    "json in a string": r"{\"accessToken\": \"quite-a-private-value\"}",
    "json in a string in a string": json.dumps(json.dumps(json.dumps({"api_key": SAID}))),
    "json in html": html.escape(json.dumps({"password": SAID})),
    "query": f"https://example.org/x?a=1&api_key={SAID}&b=2",
    "query in html": f'<a href="/x?a=1&amp;access_token={SAID}">',
    "fragment": f"https://example.org/cb#access_token={SAID}&b",
    "google query": f"https://example.org/x?key={SAID}",
    "signed address": f"https://a.blob.core.windows.net/c?sv=2022&sig={BODY[:40]}%3D",
    "user in a url": f"https://{SAID}@github.com/x",
    "header": f"X-API-Key: {SAID}",
    "header of gitlab": f"PRIVATE-TOKEN: {SAID}",
    "header alone": f"Authorization: {SAID}",
    "short bearer": f"Authorization: Bearer {SAID}",
    "cookie": f"Cookie: session={SAID}; theme=dark\n",
    "set-cookie": f"Set-Cookie: sid={SAID}; HttpOnly\n",
    "header in json": json.dumps({"Authorization": "quite-a-private-value"}),
    "cookie in json": json.dumps({"Cookie": f"sid={SAID}"}),
    "curl": f"curl -s -u ana:{SAID} https://example.org",
    "option": f"mysql --password={SAID}",
    "option with a space": f"gh auth --token {SAID}",
    "yaml": f"password: {SAID}\n",
    "settings": f"db_password={SAID}\n",
    "settings with spaces": f"aws_secret_access_key = {SAID}\n",
    "odbc": f"Server=s;UID=sa;PWD={SAID};",
    "xml": f"<clientSecret>{SAID}</clientSecret>",
    "traceback": f"requests.get('https://x/?token={SAID}')\nHTTPError: 401",
    "dictionary": str({"user": "ana", "password": SAID}),
    "object": f"Config(api_key='{SAID}', retries=3)",
}
"""The kinds of secret that are known by what stands before them."""

HIDDEN = {
    "bearer": BODY,
    "basic": "c29tZWJvZHk6c29tZXRoaW5n",
    "url": "hunter2hunter2",
    "assignment": "correct-horse-battery",
    "code": "quite-a-private-value",
    "json": "quite-a-private-value",
    "header in json": "quite-a-private-value",
    "json in a string": "quite-a-private-value",
    "azure storage": BODY,
    "signed address": BODY[:40],
    **{kind: SAID for kind, text in ISSUED.items() if SAID in text},
}

PEM = f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{BODY}\n-----END RSA PRIVATE KEY-----"

HARMLESS = [
    "The task-force-alpha-bravo-charlie-delta met at risk-adjusted-and-more-than-that rates.",
    "max_tokens=4096, token_count: 12, keyboard = 'qwerty', sort_key: name",
    "See http://localhost:8888/lab?x=1 and https://example.org:443/a@b and mail ana@example.org.",
    "tokens = tokenizer.encode(text)  # skip learn, hf_hub_download, npm_config_registry",
    "| a | b |\n|-----|-----|\n| 1 | 2 |\n\n-----\n",
    "API_KEY=os.environ['X']; Bearer authentication; Basic training",
    '{"region": "North", "total": 1234.5, "id": "call_8f2c1d"}',
    "commit 4d70e44a1b2c3d4e5f60718293a4b5c6d7e8f901 and 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c",
    'id 123e4567-e89b-12d3-a456-426614174000, etag W/"5f3c-a1b2c3d4e5f6", v1.2.3-rc.4+build.567',
    "usage: max_tokens=500, total_tokens=1290, prompt_tokens: 1200, tokens=12000, n_tokens = 100000",
    "def login(password: str, token: Token1 | None = None) -> Session2: return auth(password=password)",
    "token = tokenize_v2(text); key = row['key1']; secret = secrets.token_hex(16); pwd = os.getcwd()",
    "df.set_index('key1'); df.merge(other, on='primary_key', key=lambda x1: x1); foreign_key='orders.id1'",
    "eos_token='<|endoftext|>'; tokenizer.pad_token = tokenizer.eos_token; next_page_token=abc123def456",
    "api_key=settings.openai_key1, token=get_token2(), password=form['password1'], secret=None",
    "Dictionary<Token, string> tokens; <secret> is a tag </p> and http://[::1]:8888/tree?redirects=1",
    "See https://example.org/blog/2026-11-23/sk-learn?page=2&sort=name#section-3 or git@github.com:a/b.git",
    "Cookie: chocolate chip. Authorization: needed. Password: forgotten? Basic: yes. docker run -u 1000:1000",
    "git log --format=%h --token-file x1; pytest -k 'key1 and token2' --password-stdin -p no:cacheprovider",
    "iVBORw0KGgoAAAANSUhEUgAAAWsAAADPCAYAAAAzvPA0AAAAOnRFWHRTb2Z0d2FyZQBNYXRwbG90bGliIHZlcnNpb24zLjEx",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO",
]


def plain(*secrets: str, **environ: str) -> Redactor:
    return Redactor(secrets, environ)


def streamed(redactor: Redactor, pieces: list[str]) -> str:
    stream = redactor.stream()
    return "".join([*map(stream.feed, pieces), stream.flush()])


def hidden_part(kind: str) -> str:
    return HIDDEN.get(kind, ISSUED[kind][-16:])


@pytest.mark.parametrize("kind", ISSUED)
def test_an_issued_secret_is_masked_and_the_words_around_it_stay(kind: str) -> None:
    text = f"before {ISSUED[kind]} after"
    masked = plain().redact_text(text)
    assert hidden_part(kind) not in masked
    assert "[secret]" in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


@pytest.mark.parametrize("kind", ISSUED)
def test_an_issued_secret_split_anywhere_leaves_the_stream_as_it_leaves_the_whole(
    kind: str,
) -> None:
    text = f"before {ISSUED[kind]} after"
    whole = plain().redact_text(text)
    for cut in range(len(text) + 1):
        assert streamed(plain(), [text[:cut], text[cut:]]) == whole
    assert streamed(plain(), list(text)) == whole


@pytest.mark.parametrize("cut", range(len(PEM)))
def test_no_part_of_a_private_key_leaves_a_stream(cut: int) -> None:
    for out in (
        streamed(plain(), [PEM[:cut], PEM[cut:], " after"]),
        streamed(plain(), [*PEM, " after"]),
    ):
        assert BODY[:6] not in out
        assert "Proc" not in out
        assert out.startswith("-----BEGIN RSA PRIVATE KEY-----[secret]")
        assert out.endswith("-----END RSA PRIVATE KEY----- after")


@pytest.mark.parametrize("folder", ["agentkit/trace", "agentkit/llm", "labextension/src/view"])
def test_ordinary_programs_pass_as_they_are(folder: str) -> None:
    root = Path(__file__).parents[3]
    for file in sorted([*(root / folder).glob("*.py"), *(root / folder).glob("*.ts")]):
        text = file.read_text("utf-8")
        assert plain().redact_text(text) is text, file


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_passes_as_it_is(text: str) -> None:
    redactor = plain("unrelated-secret", OPENAI_API_KEY=ISSUED["openai"])
    assert redactor.redact_text(text) is text
    assert streamed(redactor, list(text)) == text


def test_known_values_are_masked_and_named_after_their_variable() -> None:
    redactor = plain("given-by-hand", MY_SERVICE_KEY="swordfish-swordfish")
    assert (
        redactor.redact_text("swordfish-swordfish/given-by-hand")
        == "[secret: MY_SERVICE_KEY]/[secret]"
    )


def test_the_longer_of_two_secrets_that_begin_alike_is_masked_whole() -> None:
    assert plain("abcdefgh", "abcdefghijkl").redact_text("abcdefghijkl") == "[secret]"


def test_short_values_are_no_secrets_to_search_for() -> None:
    assert plain("a", "north", DB_PASSWORD="yes").redact_text("a yes of the north") == (
        "a yes of the north"
    )


def test_variables_without_a_secret_name_are_not_masked() -> None:
    assert plain(HOME="/home/ana/work", LANGUAGE="english-uk").redact_text("/home/ana/work") == (
        "/home/ana/work"
    )


def test_the_shells_working_folder_is_no_password() -> None:
    redactor = plain(PWD="/home/ana/work", OLDPWD="/home/ana/data", MYSQL_PWD="so-very-private")
    text = 'File "/home/ana/work/sales.py" reads /home/ana/data/'
    assert redactor.redact_text(text) == text
    assert redactor.redact_text("so-very-private") == "[secret: MYSQL_PWD]"


def test_the_process_environment_is_read_when_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "plain-but-private")
    assert Redactor().redact_text("plain-but-private") == "[secret: SOME_TOKEN]"


@pytest.mark.parametrize("form", ["as JSON", "as JSON with its letters", "in a path", "in a query"])
def test_a_known_value_is_masked_as_it_looks_in_json_and_in_urls(form: str) -> None:
    secret = 'pä"ss wörd/4&5'
    looks = {
        "as JSON": json.dumps(secret),
        "as JSON with its letters": json.dumps(secret, ensure_ascii=False),
        "in a path": quote(secret),
        "in a query": quote_plus(secret),
    }
    masked = plain(secret).redact_text(f"x={looks[form]};")
    assert "wörd" not in masked
    assert "rd/4" not in masked
    assert "4%265" not in masked
    assert "[secret]" in masked


@pytest.mark.parametrize(
    "name",
    ["api_key", "apiKey", "API-KEY", "password", "dbPassword", "Authorization", "client_secret",
     "access_token", "token", "private_key", "Set-Cookie", "aws_secret_access_key", "PGPASSWORD"],
)  # fmt: skip
def test_text_under_a_secret_name_is_masked(name: str) -> None:
    assert is_secret_name(name)
    assert plain().redact({name: "quite-a-private-value"}) == {name: "[secret]"}
    assert plain().redact({name: ["quite-a-private-value"]}) == {name: ["[secret]"]}


@pytest.mark.parametrize(
    "name",
    ["token_count", "max_tokens", "input_tokens", "keyboard", "key", "sort_key", "eos_token",
     "next_page_token", "secretary", "passwordless", "tokenizer", ""],
)  # fmt: skip
def test_names_that_only_look_secret_are_left_alone(name: str) -> None:
    fields = {name: "an ordinary value"}
    assert not is_secret_name(name)
    assert plain().redact(fields) is fields


def test_numbers_and_words_under_a_secret_name_are_no_secrets() -> None:
    fields = {"token": 7, "password": None, "tokens": ["the", "cat"], "words": [{"token": "cat"}]}
    assert plain().redact(fields) is fields


def test_a_long_number_under_a_secret_name_is_masked() -> None:
    fields = {"password": 918273645, "api_keys": 3, "token": 918273645, "secret": True}
    assert plain().redact(fields) == fields | {"password": "[secret]"}


@pytest.mark.parametrize("named", ["name", "key", "header"])
def test_a_value_beside_its_secret_name_is_masked(named: str) -> None:
    sent = [
        {named: "Authorization", "value": SAID},
        {named: "Accept", "value": "text/html"},
        {named: "API_KEYS", "value": [1, 2]},
        {named: ["password"], "value": "an ordinary value"},
    ]
    masked = plain().redact(sent)
    assert masked == [{named: "Authorization", "value": "[secret]"}, *sent[1:]]


def test_a_secret_across_the_lines_of_a_saved_text_is_masked() -> None:
    key = ["-----BEGIN PRIVATE KEY-----\n", f"{BODY}\n", f"{BODY}\n", "-----END PRIVATE KEY-----\n"]
    assert BODY not in "".join(plain().redact({"text/plain": ["Found:\n", *key]})["text/plain"])
    halves = [ISSUED["github"][:20], ISSUED["github"][20:], "\n", "and more"]
    assert plain().redact({"text/plain": halves}) == {"text/plain": ["ghp_[secret]\n", "and more"]}
    harmless = {"text/plain": ["one\n", "two"], "application/json": [1, "two"], "a/b": []}
    assert plain().redact(harmless) is harmless


def test_fields_below_a_secret_name_are_looked_at_one_by_one() -> None:
    fields = {"credentials": {"user": "ana", "password": "x"}}
    assert plain().redact(fields) == {"credentials": {"user": "ana", "password": "[secret]"}}


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "GH_TOKEN", "PGPASSWORD", "DEPLOY_KEY"])
def test_the_name_of_a_variable_says_that_it_is_secret(name: str) -> None:
    assert is_secret_variable(name)


def test_json_without_secrets_is_the_same_object() -> None:
    event = {"event_type": "tool_call", "arguments": {"rows": [1, None, True, {"a": "North"}]}}
    assert plain("not-in-there").redact(event) is event


def test_secrets_are_masked_at_any_depth_and_the_input_is_not_changed() -> None:
    event = {"a": [{"b": ["x", f"key {ISSUED['github']}"]}, 1], f"{ISSUED['openai']}": "name"}
    before = json.dumps(event)
    masked = plain().redact(event)
    assert masked == {"a": [{"b": ["x", "key ghp_[secret]"]}, 1], "sk-[secret]": "name"}
    assert json.dumps(event) == before


def test_a_base64_picture_is_left_alone() -> None:
    # By chance, a picture may hold the letters of a trigger.
    picture = base64.b64encode(b"\x89PNG" + bytes(range(256)) * 2).decode()
    picture = picture[:300] + "/AKIA" + UPPER + picture[300:]
    bundle = {"image/png": picture, "text/plain": "<Figure size 640x480>"}
    assert plain().redact(bundle) is bundle


def test_text_under_a_picture_type_is_text() -> None:
    assert plain().redact({"image/svg+xml": f"<svg>{ISSUED['aws']}</svg>"}) == {
        "image/svg+xml": "<svg>AKIA[secret]</svg>"
    }
    assert plain().redact({"image/png": ISSUED["aws"]}) == {"image/png": "AKIA[secret]"}
    long = f"{BODY * 9} and {ISSUED['github']}"
    assert ISSUED["github"] not in plain().redact({"image/png": long})["image/png"]


def test_a_secret_is_masked_where_it_is_the_name_of_a_field() -> None:
    assert plain("fish4you").redact({"fish4you": {"fish4you": 1}}) == {"[secret]": {"[secret]": 1}}


def test_values_on_their_way_to_json_are_masked_too() -> None:
    value = {1: ("x", f"key {ISSUED['github']}"), None: {"password": ("x",)}}
    assert plain().redact(value) == {1: ["x", "key ghp_[secret]"], None: {"password": ["[secret]"]}}
    harmless = {1: ("x", 2)}
    assert plain().redact(harmless) is harmless


def test_redacting_twice_changes_nothing_more() -> None:
    redactor = plain("swordfish-swordfish", A_TOKEN="another-private-one")
    text = " ".join([*ISSUED.values(), "swordfish-swordfish another-private-one"])
    once = redactor.redact_text(text)
    assert redactor.redact_text(once) == once
    fields = redactor.redact({"password": "x", "a": "another-private-one"})
    assert redactor.redact(fields) is fields


def test_a_known_value_split_anywhere_never_leaves_in_parts() -> None:
    redactor = plain("swordfish-swordfish", A_TOKEN="sword and shield")
    text = "my swordfish-swordfish, sword and shield, a sword"
    expected = "my [secret], [secret: A_TOKEN], a sword"
    for first in range(len(text)):
        for second in range(first, len(text), 3):
            pieces = [text[:first], text[first:second], text[second:]]
            assert streamed(redactor, pieces) == expected


def test_a_stream_holds_back_only_what_may_be_a_secret() -> None:
    stream = plain("swordfish-swordfish").stream()
    assert stream.feed("Some skills ask for a ") == "Some skills ask for a "
    assert stream.feed("swo") == ""
    assert stream.feed("rd.") == "sword."
    assert stream.feed(" Use sk-") == " Use sk-"
    assert stream.feed("abc") == ""
    assert stream.feed(" here") == "abc here"
    assert stream.flush() == ""


def test_what_was_held_back_comes_at_the_end() -> None:
    stream = plain("swordfish-swordfish").stream()
    assert stream.feed("a swordfish") == "a "
    assert stream.flush() == "swordfish"


def test_a_stream_drops_the_rest_of_a_long_secret_without_keeping_it() -> None:
    stream = plain().stream()
    out = stream.feed("key sk-") + "".join(stream.feed(BODY) for _ in range(500)) + stream.feed(".")
    assert out + stream.flush() == "key sk-[secret]."


SECRETS = st.text(string.ascii_letters + string.digits + '-_/ "é', min_size=8, max_size=24).map(
    lambda text: f"Q{text}Q"
)


@settings(deadline=None)
@given(
    secret=SECRETS,
    words=st.lists(st.text("abc sk-_Q\n", max_size=12), min_size=1, max_size=5),
    cuts=st.lists(st.integers(0, 150), max_size=6),
)
def test_no_known_value_leaves_a_stream_however_it_is_cut(
    secret: str, words: list[str], cuts: list[int]
) -> None:
    redactor = plain(secret)
    text = secret.join(words)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(edges)]
    out = streamed(redactor, pieces)
    assert secret not in out
    assert out == redactor.redact_text(text)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdef _-é", max_size=12), inner)
    ),
    max_leaves=20,
)


PIECES = st.sampled_from(
    [
        *ISSUED.values(),
        PEM,
        *HARMLESS,
        'one "known" secret',
        "password",
        "Api-Key",
        "123456789",
        "x",
    ]
)


@settings(deadline=None, max_examples=400)
@given(
    value=st.recursive(
        PIECES | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(PIECES | st.sampled_from(["name", "value", "text/plain"]), inner)
        ),
        max_leaves=5,
    )
)
def test_what_passes_a_glance_would_pass_a_closer_look(value: Any) -> None:
    redactor = plain('one "known" secret', MY_KEY="swordfish\\swordfish")
    if redactor.is_harmless(to_json(value).decode()):
        assert redactor.redact(value) == value


@pytest.mark.parametrize(
    "text", ["Revenue grew by 4.2 % in the north, see row 12: 1,290 of 3,000."]
)
def test_ordinary_words_pass_a_glance(text: str) -> None:
    usage = {"text/plain": text, "input_tokens": 12, "reasoning_tokens": 3}
    assert plain("a-known-secret").is_harmless(to_json(usage).decode())


@pytest.mark.parametrize("kind", ISSUED)
def test_an_issued_secret_does_not_pass_a_glance(kind: str) -> None:
    assert not plain().is_harmless(to_json({"text": f"see {ISSUED[kind]} there"}).decode())


@settings(deadline=None)
@given(value=JSON_VALUES, secret=st.text(string.ascii_letters, min_size=10, max_size=20))
def test_json_keeps_its_shape_and_loses_its_secrets(value: Any, secret: str) -> None:
    holder = {"value": value, "text": f"{secret} in the middle {secret}"}
    masked = plain(secret).redact(holder)
    assert secret not in json.dumps(masked)
    assert plain("never-in-there-at-all").redact(value) == value


def test_a_line_of_dashes_begins_no_option_however_long_it_is() -> None:
    line = f"{'-' * 40}token abc123def456"
    assert plain().redact_text(line) == line
    assert plain().redact_text("---token abc123def456") == "---token [secret]"
    assert plain().redact_text("a--my-api-key abc123def456") == "a--my-api-key [secret]"
