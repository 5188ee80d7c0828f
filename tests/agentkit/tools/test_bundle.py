import base64
import io
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import matplotlib.pyplot
import numpy as np
import pandas
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure
from pydantic import BaseModel

from agentkit.tools.display import to_bundle

# Their own types are incomplete.
mpl: Any = matplotlib
plt: Any = matplotlib.pyplot
pd: Any = pandas


@pytest.fixture
def no_window() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg"}):
        plt.switch_backend("agg")
        yield
    plt.close("all")


class Sale(BaseModel):
    region: str
    total: float


@dataclass
class Point:
    x: int
    y: float


class Rich:
    def _repr_html_(self) -> str:
        return "<b>rich</b>"

    def _repr_markdown_(self) -> None:
        return None

    def _repr_latex_(self) -> str:
        raise RuntimeError("no TeX today")

    def _repr_svg_(self) -> bytes:
        return b"<svg/>"

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return b"\x89PNG", {"width": 1}

    def _repr_jpeg_(self) -> str:
        return "AAAA"

    def _repr_json_(self) -> tuple[dict[str, int], dict[str, bool]]:
        return {"a": 1}, {"expanded": True}

    def __repr__(self) -> str:
        return "Rich()"


@pytest.mark.parametrize(
    ("value", "bundle"),
    [
        ("a\nb", {"text/plain": "a\nb"}),
        (None, {"text/plain": "None", "application/json": None}),
        (True, {"text/plain": "True", "application/json": True}),
        (3, {"text/plain": "3", "application/json": 3}),
        (np.int64(3), {"text/plain": "3", "application/json": 3}),
        (np.float64(0.5), {"text/plain": "0.5", "application/json": 0.5}),
        (math.nan, {"text/plain": "nan", "application/json": None}),
        ([1, "ü"], {"text/plain": '[1, "ü"]', "application/json": [1, "ü"]}),
        ((1, 2), {"text/plain": "[1, 2]", "application/json": [1, 2]}),
        (
            {"x": np.float32(0.5), 1: date(2024, 1, 2), "n": math.inf},
            {
                "text/plain": '{"x": 0.5, "1": "2024-01-02", "n": Infinity}',
                "application/json": {"x": 0.5, "1": "2024-01-02", "n": None},
            },
        ),
        (
            Sale(region="north", total=1.5),
            {
                "text/plain": "Sale(region='north', total=1.5)",
                "application/json": {"region": "north", "total": 1.5},
            },
        ),
        (
            Point(1, 2.5),
            {"text/plain": "Point(x=1, y=2.5)", "application/json": {"x": 1, "y": 2.5}},
        ),
        ({"df": {1, 2}, "o": object}, {"text/plain": "{'df': {1, 2}, 'o': <class 'object'>}"}),
    ],
)
def test_plain_data_is_text_and_json_where_it_can_be_json(value: Any, bundle: Any) -> None:
    assert to_bundle(value) == bundle


def test_every_method_of_the_display_protocol_is_asked_and_failing_ones_are_skipped() -> None:
    assert to_bundle(Rich()) == {
        "text/plain": "Rich()",
        "text/html": "<b>rich</b>",
        "image/svg+xml": "<svg/>",
        "image/png": base64.b64encode(b"\x89PNG").decode(),
        "image/jpeg": "AAAA",
        "application/json": {"a": 1},
    }


def test_a_mimebundle_goes_before_the_single_methods_and_is_cleaned() -> None:
    class Whole(Rich):
        def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
            return {
                "text/html": "<i>whole</i>",
                "text/plain": "whole",
                "image/gif": bytearray(b"GIF"),
                "application/vnd.x+json": {"n": np.int64(1)},
                "application/vnd.y+json": {"n": object()},
                "application/vnd.jupyter.widget-view+json": {"model_id": "1"},
                "text/markdown": 3,
                "nonsense": "x",
                4: "y",
            }, {"text/html": {"isolated": True}}

    bundle = to_bundle(Whole())
    assert bundle["text/html"] == "<i>whole</i>"
    assert bundle["text/plain"] == "whole"
    assert bundle["image/gif"] == base64.b64encode(b"GIF").decode()
    assert bundle["application/vnd.x+json"] == {"n": 1}
    assert bundle["image/svg+xml"] == "<svg/>"
    assert bundle.keys().isdisjoint(
        {"application/vnd.y+json", "application/vnd.jupyter.widget-view+json", "text/markdown"}
        | {"nonsense", 4}
    )


def test_only_what_the_type_defines_counts() -> None:
    instance = SimpleNamespace(_repr_html_=lambda: "<b>no</b>")
    assert "text/html" not in to_bundle(instance)
    assert to_bundle(Rich).keys() == {"text/plain"}
    assert to_bundle(MagicMock(name="anything")).keys() == {"text/plain"}


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("silence")


def circle() -> list[Any]:
    ring: list[Any] = [1]
    ring.append(ring)
    return ring


def deep() -> Any:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    "value",
    [
        Mute(),
        [Mute()],
        circle(),
        deep(),
        10**10_000,
        "\ud800",
        ["\ud800"],
        {"\ud800": 1},
        b"\xff\x00",
    ],
    ids=lambda value: type(value).__name__,
)
def test_hostile_values_still_give_a_bundle_that_can_be_sent(value: Any) -> None:
    bundle = to_bundle(value)
    assert bundle["text/plain"]
    json.dumps(bundle, ensure_ascii=False, allow_nan=False).encode()


@settings(deadline=None)  # a busy machine is no fault
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
        max_leaves=10,
    )
)
def test_any_data_gives_a_bundle_that_can_be_sent(value: Any) -> None:
    bundle = to_bundle(value)
    assert isinstance(bundle["text/plain"], str)
    json.dumps(bundle, ensure_ascii=False, allow_nan=False).encode()


def test_a_data_frame_is_a_table_and_text() -> None:
    bundle = to_bundle(pd.DataFrame({"region": ["north"], "total": [3]}))
    assert "<table" in bundle["text/html"]
    assert "north" in bundle["text/plain"]


def test_a_pillow_image_is_a_picture() -> None:
    bundle = to_bundle(PIL.Image.new("RGB", (3, 2)))
    assert PIL.Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).size == (3, 2)


@pytest.mark.usefixtures("no_window")
@pytest.mark.parametrize("made", ["figure", "axes", "array", "hist", "subfigure"])
def test_a_figure_or_its_axes_are_a_picture_and_pyplot_forgets_the_figure(made: str) -> None:
    figure = plt.figure()
    axes = figure.subplots(1, 2)
    values: dict[str, Any] = {"figure": figure, "axes": axes[0], "array": axes}
    if made == "subfigure":
        values[made] = plt.figure().subfigures(1, 2)[0].subplots()
    if made == "hist":
        values[made] = pd.DataFrame({"a": [1, 2, 3]}).hist()
    bundle = to_bundle(values[made])
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"].startswith("<Figure size")
    assert figure.number not in plt.get_fignums() or made in ("subfigure", "hist")


@pytest.mark.usefixtures("no_window")
def test_a_figure_that_cannot_be_drawn_is_text_and_is_closed() -> None:
    figure = plt.figure()
    figure.savefig = MagicMock(side_effect=RuntimeError("no ink"))
    assert to_bundle(figure).keys() == {"text/plain"}
    assert plt.get_fignums() == []


@pytest.mark.usefixtures("no_window")
def test_a_figure_that_the_formatter_has_drawn_is_not_drawn_again_but_closed() -> None:
    figure = plt.figure()
    figure.savefig = MagicMock()
    bundle = to_bundle(figure, formatter=lambda value: ({"image/png": b"drawn"}, {}))
    assert base64.b64decode(bundle["image/png"]) == b"drawn"
    assert not figure.savefig.called
    assert plt.get_fignums() == []


def test_an_array_of_numbers_is_no_figure() -> None:
    assert to_bundle(np.arange(3)).keys() == {"text/plain"}
    assert to_bundle(np.array([], dtype=object)).keys() == {"text/plain"}


def test_a_half_loaded_matplotlib_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "matplotlib.axes")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", ModuleType("matplotlib.figure"))
    assert to_bundle(3)["application/json"] == 3


def bold(point: Point) -> str:
    return f"<b>{point.x}</b>"


def test_ipythons_own_formatter_goes_first_and_fills_in_with_ours() -> None:
    display: Any = DisplayFormatter()
    display.formatters["text/html"].for_type(Point, bold)
    assert to_bundle(Point(1, 2), formatter=display.format)["text/html"] == "<b>1</b>"
    assert to_bundle({"a": 1}, formatter=display.format) == {
        "text/plain": "{'a': 1}",
        "application/json": {"a": 1},
    }
    assert to_bundle("text", formatter=display.format) == {"text/plain": "text"}


def test_a_formatter_that_fails_is_passed_over() -> None:
    def broken(value: object) -> Any:
        raise RuntimeError("broken")

    assert to_bundle(3, formatter=broken) == to_bundle(3)


def test_a_figure_made_without_pyplot_is_a_picture_too() -> None:
    assert "image/png" in to_bundle(Figure())
