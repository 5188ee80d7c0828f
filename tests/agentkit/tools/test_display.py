import base64
import io
import json
from typing import Any

import pandas
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.tools.display import (
    MAX_IMAGE_CHARS,
    cut_text,
    fit_for_reader,
    images_for_model,
    text_for_model,
    to_bundle,
)


def png(width: int, height: int) -> str:
    stream = io.BytesIO()
    PIL.Image.new("RGB", (width, height)).save(stream, "png")
    return base64.encodebytes(stream.getvalue()).decode()


def size(bundle: dict[str, Any]) -> int:
    return sum(
        len((c if isinstance(c, str) else json.dumps(c, separators=(",", ":"))).encode())
        for c in bundle.values()
    )


# The model ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bundle", "text"),
    [
        ({"text/plain": "plain", "text/markdown": "**md**", "text/html": "<b>h</b>"}, "**md**"),
        ({"text/plain": "plain", "text/html": "<b>h</b>"}, "plain"),
        (
            {"text/plain": "", "text/markdown": ""},
            "[text/plain, text/markdown, shown to the reader]",
        ),
        ({"application/json": {"a": "ü"}}, '{"a": "ü"}'),
        ({"text/plain": "<Thing object at 0x7f>", "application/x+json": [1]}, "[1]"),
        ({"text/plain": "<Styler object at 0x7f>", "text/html": "<p>a</p><p>b"}, "a\nb"),
        ({"text/plain": "<Thing object at 0x7f>"}, "<Thing object at 0x7f>"),
        ({"text/plain": "<Math object>", "text/latex": "$x$"}, "$x$"),
        ({"application/pdf": "AAAA"}, "[application/pdf, shown to the reader]"),
        ({}, "[nothing]"),
    ],
)
def test_the_model_is_given_the_best_text(bundle: dict[str, Any], text: str) -> None:
    assert text_for_model(bundle, 1_000) == (text, False)


def test_a_picture_is_named_with_its_size_beside_the_text_that_says_something() -> None:
    line = "[image/png, 640×480, shown to the reader]"
    picture = png(640, 480)
    assert text_for_model({"image/png": picture}, 200)[0] == line
    bare = {"text/plain": "<Figure size 640x480 with 1 Axes>", "image/png": picture}
    assert text_for_model(bare, 200)[0] == line
    assert (
        text_for_model({"text/plain": "A map.", "image/png": picture}, 200)[0] == f"A map.\n{line}"
    )
    assert text_for_model({"image/png": "!!"}, 200)[0] == "[image/png, shown to the reader]"
    assert (
        text_for_model({"image/svg+xml": "<svg/>"}, 200)[0]
        == "[image/svg+xml, shown to the reader]"
    )


def test_a_styled_table_is_told_row_by_row_without_its_style() -> None:
    style = "<style>td {color: red}</style><script>alert(1)</script>"
    frame: Any = pandas.DataFrame({"region": ["north & <south>"], "total": [3]})
    table = frame.to_html()
    text, _ = text_for_model({"text/plain": "<Styler object>", "text/html": style + table}, 1_000)
    assert text.splitlines() == ["region | total", "0 | north & <south> | 3"]


def test_a_cut_keeps_head_and_tail_and_says_how_much_is_missing() -> None:
    text, cut = text_for_model({"text/plain": "a" * 40_000 + "z" * 40_000}, 16_000)
    assert cut
    assert len(text) == 16_000
    head, gap, tail = text.split("\n")
    assert gap.startswith("… 64,0")
    assert gap.endswith(" of 80,000 characters left out …")
    assert (set(head), set(tail)) == ({"a"}, {"z"})
    left_out = int(gap.split()[1].replace(",", ""))
    assert len(head) + len(tail) + left_out == 80_000


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(), st.integers(0, 300))
def test_a_cut_never_exceeds_its_limit(text: str, limit: int) -> None:
    kept, cut = cut_text(text * 20, limit)
    assert len(kept) <= limit or not cut
    assert cut == (len(text * 20) > limit)


def test_a_model_that_sees_is_given_one_picture_without_line_breaks() -> None:
    assert images_for_model({"text/plain": "x", "image/svg+xml": "<svg/>"}) == []
    both = {"image/jpeg": "AAAA", "image/png": png(2, 2)}
    [(mime, data)] = images_for_model(both)
    assert mime == "image/png"
    assert "\n" not in data
    assert PIL.Image.open(io.BytesIO(base64.b64decode(data))).size == (2, 2)
    assert images_for_model({"image/png": "A" * (MAX_IMAGE_CHARS + 1)}) == []


# The reader -----------------------------------------------------------------------------------


def test_what_fits_is_kept_as_it_is() -> None:
    bundle = to_bundle({"a": 1})
    assert fit_for_reader(bundle, 1_000) == (bundle, None)


def test_what_cannot_be_cut_is_left_out_the_largest_first_and_text_is_cut() -> None:
    bundle = {
        "text/plain": "t" * 5_000,
        "text/html": "<p>" * 2_000,
        "image/png": "A" * 600,
        "application/json": list(range(100)),
    }
    kept, note = fit_for_reader(bundle, 2_000)
    assert kept.keys() == {"text/plain", "image/png", "application/json"}
    assert kept["image/png"] == bundle["image/png"]
    assert "left out …" in kept["text/plain"]
    assert 1_900 < size(kept) <= 2_000
    assert note is not None
    assert "limit 2,000 bytes" in note
    assert "text/html (6,000 bytes) is left out" in note
    assert "text/plain is cut from 5,000 to" in note


def test_short_text_is_never_cut_for_the_sake_of_a_large_picture() -> None:
    kept, note = fit_for_reader({"text/plain": "short", "image/png": "A" * 5_000}, 1_000)
    assert kept == {"text/plain": "short"}
    assert note is not None


def test_when_nothing_is_left_the_note_is_the_text() -> None:
    kept, note = fit_for_reader({"image/png": "A" * 5_000}, 1_000)
    assert kept == {"text/plain": note}


@settings(deadline=None)  # a busy machine is no fault
@given(
    st.dictionaries(
        st.sampled_from(["text/plain", "text/markdown", "text/html", "image/png", "a/b+json"]),
        st.text(max_size=40).map(lambda text: text * 60),
    ),
    st.integers(1_000, 4_000),
)
def test_the_limit_in_bytes_holds_whatever_the_alphabet(bundle: dict[str, str], limit: int) -> None:
    before = dict(bundle)
    kept, note = fit_for_reader(bundle, limit)
    assert bundle == before
    assert size(kept) <= limit
    assert (note is None) == (size(bundle) <= limit)
    assert note is not None or kept == bundle
