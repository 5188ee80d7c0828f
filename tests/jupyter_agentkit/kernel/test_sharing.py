"""``run.share()``: what would leave is seen first, and the file holds no more than that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentkit.errors import AgentKitError, InvalidInput
from agentkit.llm.protocol import ToolCall
from agentkit.trace import load
from agentkit.trace.export import ENDINGS
from jupyter_agentkit import Agent
from jupyter_agentkit.share_form import ShareForm
from tests.jupyter_agentkit.kernel.server import Gate, ServeScript

KEY = "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"


@pytest.fixture
def run(serve: ServeScript, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    serve(["Let me see.", ToolCall("1", "add", {"a": 1, "b": 2})], [f"Three, says {KEY}."])

    def add(a: int, b: int) -> int:
        return a + b

    run = Agent("adder", tools=[add]).run("Go")
    run.wait(20)
    return run


def test_a_run_is_written_without_the_steps_that_stay(
    run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run.share("shared.agenttrace.json", leave_out=[2])
    said = capsys.readouterr().out
    assert said.startswith("Wrote shared.agenttrace.json: 1 step, 1 answer, ")
    assert said.endswith("1 masked value. 1 step was left out by whoever shared this.\n")
    (shared,) = load(path)
    assert [event["event_type"] for event in shared.events if "tool" in event["event_type"]] == []
    assert shared.result == "Three, says ghp_[secret]."


@pytest.mark.parametrize("form", ENDINGS)
def test_every_form_is_chosen_by_the_name_of_the_file(run: Any, form: str) -> None:
    text = run.share(f"shared{ENDINGS[form]}").read_text("utf-8")
    assert "Three, says" in text
    assert KEY not in text


@pytest.mark.parametrize(
    "steps", [{"leave_out": "1-2"}, {"leave_out": [1, 2]}, {"only": 3}, {"only": "3"}]
)
def test_steps_are_named_as_one_likes(run: Any, steps: dict[str, Any]) -> None:
    document = json.loads(run.share("shared.json", **steps).read_text("utf-8"))
    assert document["left_out"] == {"steps": 2, "answer": False, "follow_ups": 0}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"file": "shared.pdf"}, "end it with one of .html"),
        ({"file": "a.html", "leave_out": [9]}, "no step 9; it has 1 to 3"),
        ({"file": "a.html", "leave_out": [1], "only": [2]}, "either leave_out or only"),
        ({"file": "a.html", "form": "pdf"}, "not 'pdf'"),
    ],
)
def test_what_cannot_be_shared_is_refused_and_writes_nothing(
    run: Any, tmp_path: Path, call: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        run.share(**call)
    assert list(tmp_path.glob("*.html")) == []


def test_without_a_file_the_steps_are_listed_where_nobody_sits(
    run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    sharing = run.share()
    assert "   2 ✓ Called add (a: 1, b: 2) · " in repr(sharing)
    sharing._ipython_display_()
    assert f"{sharing!r}\n" == capsys.readouterr().out
    assert "leave_out=[…]" in repr(sharing)


def heard(form: ShareForm, message: dict[str, Any]) -> list[dict[str, Any]]:
    """What the form tells its page when that sends a message."""
    told: list[dict[str, Any]] = []
    form.send = told.append  # pyright: ignore[reportAttributeAccessIssue]
    form._handle_custom_msg(message, [])  # pyright: ignore
    return told


def test_the_form_says_what_would_leave_and_writes_it(run: Any, tmp_path: Path) -> None:
    form = run.share().form()
    offered: dict[str, Any] = form.offered
    assert (offered["goes_on"], offered["endings"]) == (False, dict(ENDINGS))
    shown = [(each["kind"], each["title"], each["state"]) for each in offered["steps"]]
    assert shown[:2] == [("message", "Said", "said"), ("tool", "Called add", "done")]
    assert [offered["steps"][1][key] for key in ("tool", "arguments")] == ["add", "a: 1, b: 2"]
    file = "chosen.agenttrace.json"
    (said,) = heard(form, {"type": "write", "file": file, "form": "json", "leave_out": [2]})
    assert (said["type"], said["failed"]) == ("said", False)
    assert said["text"].startswith(f"Wrote {file}: 1 step, 1 answer, ")
    (shared,) = load(tmp_path / file)
    assert shared.left_out is not None
    assert shared.left_out.steps == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"leave_out": [9]}, "no step 9"),
        ({"leave_out": ["1"]}, "Steps are numbers"),
        ({"form": "pdf"}, "not 'pdf'"),
        ({"file": "no/such/folder.html"}, "could not be written: No such file"),
        ({"file": "a\0.html"}, "could not be written: embedded null byte"),
        ({"file": "\ud800.html"}, "could not be written: "),
    ],
)
def test_what_the_form_cannot_write_it_says(
    run: Any, tmp_path: Path, asked: dict[str, Any], said: str
) -> None:
    message: dict[str, Any] = {
        "type": "write",
        "file": "a.html",
        "form": "html",
        "leave_out": [],
        **asked,
    }
    (told,) = heard(run.share().form(), message)
    assert told["failed"]
    assert said in told["text"]
    assert list(tmp_path.rglob("*.html")) == []


def test_the_form_says_why_it_could_not_look_again() -> None:
    def looks() -> dict[str, Any]:
        if form_is_there:
            raise AgentKitError("The server does not answer.")
        return {}

    form_is_there = False
    form = ShareForm(looks, lambda file, kind, out: "", lambda said: None)
    form_is_there = True
    (told,) = heard(form, {"type": "look"})
    assert told == {"type": "said", "text": "The server does not answer.", "failed": True}


def test_of_a_run_that_goes_on_leaves_what_was_looked_at(
    serve: ServeScript, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gate = Gate()
    serve(["First.", ToolCall("1", "add", {"a": 1, "b": 2})], [gate, "Done."])

    def add(a: int, b: int) -> int:
        return a + b

    run = Agent("adder", tools=[add]).run("Go")
    assert gate.reached.wait(20)
    sharing = run.share()
    form = sharing.form()
    assert form.offered["goes_on"]
    assert "The run had not ended yet" in repr(sharing)
    gate.open()
    run.wait(20)

    path = sharing.write("before.json")
    assert load(path)[0].result is None
    heard(form, {"type": "look"})
    offered: dict[str, Any] = form.offered
    assert not offered["goes_on"]
    assert offered["steps"][-1]["kind"] == "answer"
    assert load(sharing.write("after.json"))[0].result == "Done."
