"""The published schema holds for all that is written, and a later version is shown as far as it goes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from agentkit.cli import main
from agentkit.errors import ProviderRejected, ProviderUnavailable
from agentkit.llm.protocol import (
    LLMResponse,
    Notice,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    ToolCall,
)
from agentkit.llm.scripted import ScriptedProvider
from agentkit.replay import replay_async
from agentkit.tools.builtin.ask_user import AskUser
from agentkit.tools.protocol import Resolution
from agentkit.trace.bundle import to_bundle
from agentkit.trace.document import TRACE_MIME, Trace
from agentkit.trace.export import FORMS
from agentkit.trace.files import SavedTrace, load
from agentkit.trace.html import to_html
from agentkit.trace.leaving_out import parts, without
from agentkit.trace.markdown import to_markdown
from agentkit.trace.plain import to_text
from agentkit.trace.schema import SCHEMA_FILE
from tests.agentkit.recording import CALL, DROP, asking, double, drop, recorded
from tests.agentkit.trace.samples import NAMES, event, sample, trace

PUBLISHED: dict[str, Any] = json.loads(SCHEMA_FILE.read_text("utf-8"))
VALIDATOR: Any = jsonschema.Draft202012Validator(PUBLISHED)


def fits(document: dict[str, Any]) -> None:
    """As a program elsewhere would see it: as JSON, by the schema that is published."""
    VALIDATOR.validate(json.loads(json.dumps(document)))


def failing(x: int) -> int:
    raise ValueError(f"no {x}")


def long(x: int) -> str:
    return "x" * 20_000


async def progressing(x: int) -> str:
    return f"<b>{x}</b> 🦜 \u202eلا"


ASK = ToolCall("1", "ask_user", {"question": "Which?", "choices": ["a", "b"]})
FORM = {
    "type": "object",
    "properties": {"year": {"type": "integer"}},
}
ASK_FORM = ToolCall("1", "ask_user", {"question": "When?", "answer_schema": FORM})
YES, NO = Resolution("approve", by="ana"), Resolution("deny", "no", "ana")
EDITED = Resolution("approve", {"arguments": {"name": "tmp"}, "always": True}, "ana")
USAGE = TokenUsage(10, 5, cached_tokens=3, reasoning_tokens=2, cost=0.01)
RETRIED = [TextPiece("It i"), Notice("retry", "again", restarted=True), "It is."]
CUT = LLMResponse("It is", finish_reason="length")

Made = Callable[[], Awaitable[Trace]]
RUNS: dict[str, Made] = {
    "completed": lambda: recorded([ThinkingPiece("Hm."), "So.", CALL, USAGE], "42."),
    "parallel": lambda: recorded([CALL, ToolCall("1", "double", {"x": 2})], "42."),
    "unknown": lambda: recorded([ToolCall("", "gone"), ToolCall("", "double", {}, "{oops")], "Oh."),
    "failing tool": lambda: recorded([ToolCall("1", "failing", {"x": 1})], "Oh.", tools=[failing]),
    "long result": lambda: recorded([ToolCall("1", "long", {"x": 1})], "Ah.", tools=[long]),
    "signs": lambda: recorded([ToolCall("1", "progressing", {"x": 1})], "Ah.", tools=[progressing]),
    "failed": lambda: recorded([CALL], ["So", ProviderRejected("no key")]),
    "unavailable": lambda: recorded([ProviderUnavailable("away")]),
    "limit": lambda: recorded([CALL], [CALL], limits={"max_steps": 1}),
    "soft limit": lambda: recorded(
        [CALL], "42.", limits={"soft": {"requests": 1}}, answers=[Resolution("answer", "Go on")]
    ),
    "approved": lambda: recorded([DROP], "Done.", tools=[asking()], answers=[YES]),
    "edited": lambda: recorded([DROP], "Done.", tools=[asking()], answers=[EDITED]),
    "denied": lambda: recorded([DROP], "Done.", tools=[asking()], answers=[NO]),
    "nobody": lambda: recorded([DROP], "Done.", tools=[asking()], on_ask="fail"),
    "expired": lambda: recorded([DROP], "Done.", tools=[asking()], limits={"ask_seconds": 0.01}),
    "cancelled": lambda: recorded([DROP], tools=[asking()], cancel=True),
    "question": lambda: recorded(
        [ASK], "b.", tools=[AskUser()], answers=[Resolution("answer", "b", "ana")]
    ),
    "form": lambda: recorded(
        [ASK_FORM],
        "2025.",
        tools=[AskUser()],
        answers=[Resolution("answer", {"year": 2025}, "ana")],
    ),
    "retried": lambda: recorded(RETRIED),
    "cut": lambda: recorded(CUT),
    "secret": lambda: recorded(
        [ToolCall("1", "drop", {"name": "sk-" + "a1B2" * 12})], "Done.", tools=[drop]
    ),
    "one call": lambda: recorded(
        "Yes.", config={"name": "one", "task_mode": "llm_generate"}, provider=None
    ),
    "no model": lambda: recorded(provider=ScriptedProvider([])),
}


@pytest.mark.parametrize("kind", RUNS)
async def test_a_run_of_every_kind_fits_in_every_form_that_holds_a_trace(
    kind: str, tmp_path: Path
) -> None:
    run = await RUNS[kind]()
    document = run.to_json()
    fits(document)
    fits(to_bundle(run)["data"][TRACE_MIME])
    fits((await replay_async(run)).replayed.to_json())
    fits(without(run, [part.number for part in parts(run)]).to_json())

    file = tmp_path / "run.json"
    file.write_text(json.dumps(document))
    [saved] = load(file)
    assert isinstance(saved, SavedTrace)
    fits(json.loads(FORMS["json"]({1: saved}, "run")))
    fits(json.loads(FORMS["jsonl"]({1: saved}, "run")))
    notebook = json.loads(FORMS["ipynb"]({1: saved}, "run"))
    bundles = [out["data"] for cell in notebook["cells"] for out in cell.get("outputs", ())]
    [kept] = [bundle[TRACE_MIME] for bundle in bundles if TRACE_MIME in bundle]
    fits(kept)


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_fits_as_a_cell_keeps_it(name: str) -> None:
    fits(to_bundle(sample(name))["data"][TRACE_MIME])


def test_every_shape_may_have_fields_of_a_later_version() -> None:
    def shapes(schema: Any) -> list[dict[str, Any]]:
        if isinstance(schema, list):
            return [shape for each in schema for shape in shapes(each)]  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(schema, dict):
            return []
        found = [shape for each in schema.values() for shape in shapes(each)]  # pyright: ignore[reportUnknownVariableType]
        return [*found, schema] if "properties" in schema else found

    assert len(shapes(PUBLISHED)) > 10
    assert all(shape.get("additionalProperties") is not False for shape in shapes(PUBLISHED))


LATER = trace(
    event(1, "final_answer", text="North did."),
    event(2, "dreamed", of="electric sheep"),
    version=2,
    status="asleep",
    mood={"calm": True},
)
NOTE = "Written by a later version (2); shown is what this one knows."


@pytest.mark.parametrize("form", [to_html, to_markdown, to_text])
def test_a_later_version_is_shown_as_far_as_it_is_understood_and_says_so(
    form: Callable[..., str],
) -> None:
    shown = form(LATER, live=False)

    for text in (NOTE, "North did.", "Event dreamed", "Which region grew most?"):
        assert text in shown
    assert NOTE not in form(sample("completed"), live=False)


def test_the_command_shows_a_later_version_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "later.json"
    file.write_text(json.dumps(LATER))

    assert main(["trace", "show", str(file)]) == 0
    shown = capsys.readouterr().out
    assert NOTE in shown
    assert "North did." in shown
    for command in (["export", "--to", "json"], ["replay"]):
        main(["trace", command[0], str(file), *command[1:]])
        assert "Run 1 was written by a later version (2)" in capsys.readouterr().err


async def test_what_is_no_trace_does_not_fit() -> None:
    run = (await recorded([CALL], "42.", tools=[double])).to_json()
    for wrong in ({"status": "odd"}, {"events": [{"event_type": "final_answer"}]}, {"usage": 3}):
        with pytest.raises(jsonschema.ValidationError):
            fits({**run, **wrong})
