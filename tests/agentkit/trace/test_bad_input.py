"""Whatever was saved as a trace is shown as text or left out; nothing about it raises."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentkit.cli import main
from agentkit.trace import load
from agentkit.trace.bundle import to_bundle
from agentkit.trace.document import TRACE_MIME
from agentkit.trace.export import FORMS
from agentkit.trace.plain import to_text
from tests.agentkit.trace.page import Page
from tests.agentkit.trace.samples import ATTACKS, NAMES, hostile, sample, trace

NOTEBOOKS: Any = nbformat  # it has no types

SAMPLES = [json.dumps(sample(name)) for name in NAMES]

ODD: list[Any] = [
    None, True, 0, -1, 10**17, 1e300, "", " ", "x" * 30_000, "\x00\x1b[2J\u202e\ufeff", [], {}, [[[[]]]],
    {"": ""}, {"text/plain": {"text/plain": []}}, [None, {}, "x"], *ATTACKS[:8],
    "data:text/html;base64,PHNjcmlwdD4=", "0000-00-00T99:99", "2026-11-23", "9" * 300,
    {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}},
    {"application/vnd.agentkit.edit+json": {"before": 5, "after": ["x"]}},
    {"image/svg+xml": "<svg onload=alert(1)>"}, {"image/png": "iVBORw0KGgo="},
    {"encoding": "zlib+base64", "data": "eJyL"}, {"message": {"message": 1}},
]  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys."""
    if not isinstance(value, dict | list):
        return []
    container: Any = value  # pyright: ignore[reportUnknownVariableType]
    keys: list[Any] = list(container) if isinstance(value, dict) else list(range(len(container)))
    return [(container, key) for key in keys] + [p for key in keys for p in places(container[key])]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A sample of which some places are gone, are of another type, or stand twice."""
    document = json.loads(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 6))):
        found = places(document)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        match draw(st.sampled_from(["gone", "odd", "odd", "twice", "unknown"])):
            case "gone":
                del container[key]
            case "twice" if hasattr(container, "append"):
                container.append(deepcopy(container[key]))
            case "unknown" if key == "event_type":
                container[key] = "sculpture"
            case _:
                container[key] = deepcopy(draw(st.sampled_from(ODD)))
    return document


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_a_trace_of_any_shape_is_shown_and_written_in_every_form(document: Any) -> None:
    document = json.loads(json.dumps(document))
    bundle = to_bundle(document, live=False)
    Page(bundle["data"]["text/html"])
    output = NOTEBOOKS.v4.new_output("display_data", **bundle)
    NOTEBOOKS.validate(output, ref="output", version=4, version_minor=5)
    json.dumps(bundle, allow_nan=False)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad") / "x.agenttrace.json"


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(document=mutated())
def test_a_trace_of_any_shape_is_read_from_a_file_and_exported(file: Path, document: Any) -> None:
    if not isinstance(document, dict):
        return
    fields: dict[str, Any] = {"events": [], **document}
    file.write_text(json.dumps(fields), encoding="utf-8")
    runs = dict(enumerate(load(file), 1))
    for name, form in FORMS.items():
        assert form(runs, "x") or name == "ag-ui"
    to_text(runs[1])


@pytest.mark.parametrize("attack", [*ATTACKS, "\ud800", "a" * 50_000])
def test_hostile_text_in_every_field_leaves_every_form_in_one_piece(
    tmp_path: Path, attack: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "x.agenttrace.json"
    document = {**hostile(attack), "task_id": attack, "follow_ups": [hostile(attack)]}
    file.write_text(json.dumps(document), encoding="utf-8")
    assert main(["trace", "show", str(file)]) == 0
    for form in FORMS:
        assert main(["trace", "export", str(file), "--to", form]) == 0
    assert b"\x1b" not in capsysbinary.readouterr().out


def test_values_nested_deeper_than_can_be_written_are_named() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    event = {
        "event_type": "tool_call",
        "tool_call_id": "c",
        "tool_name": "dig",
        "arguments": {"a": deep},
    }
    data = to_bundle(trace(event), live=False)["data"]
    for form in ("text/html", "text/markdown", "text/plain"):
        assert "nested too deep to be shown" in data[form]
    assert data[TRACE_MIME]["events"] == [event]


@pytest.mark.parametrize("command", ["show", "replay", "export"])
def test_a_run_whose_values_are_nested_deeply_does_not_hide_the_others_of_its_file(
    command: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    deep: Any = "x"
    for _ in range(600):
        deep = {"a": deep}
    made: dict[str, Any] = {
        "event_type": "tool_call",
        "tool_call_id": "c",
        "tool_name": "dig",
        "arguments": {},
    }
    said: dict[str, Any] = {"event_type": "tool_result", "tool_call_id": "c", "outcome": "success"}
    bad = {**trace(made, {**said, "content": {"application/json": deep}}), "task_id": "deep"}
    file = tmp_path / "two.agenttrace.json"
    file.write_text(json.dumps([bad, sample("completed")]), encoding="utf-8")
    form = ["--to", "json"] if command == "export" else []
    assert main(["trace", command, str(file), *form]) in (0, 1)
    out = capsysbinary.readouterr().out
    assert b"README" in out or command == "replay"


def test_an_id_of_another_type_is_replayed_as_none(tmp_path: Path) -> None:
    file = tmp_path / "x.agenttrace.json"
    event: dict[str, Any] = {
        "event_type": "tool_call",
        "tool_call_id": ["c"],
        "tool_name": {},
        "arguments": [],
    }
    file.write_text(json.dumps(trace(event, {**event, "event_type": "tool_result"})))
    assert main(["trace", "replay", str(file)]) in (0, 1)
