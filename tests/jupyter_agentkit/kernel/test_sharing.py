"""``run.share()``: what would leave is seen first, and the file holds no more than that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentkit.errors import InvalidInput
from agentkit.llm.protocol import ToolCall
from agentkit.trace import load
from agentkit.trace.export import ENDINGS
from jupyter_agentkit import Agent
from jupyter_agentkit.sharing import Sharing
from tests.jupyter_agentkit.kernel.server import ServeScript

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


def test_the_form_counts_what_leaves_and_writes_it(run: Any, tmp_path: Path) -> None:
    sharing: Sharing = run.share()
    steps, total, form, name, write, _ = sharing.form().children
    assert [box.description.split(" · ")[1] for box in steps.children][1] == "Called add a: 1, b: 2"
    assert total.value.startswith("Leaves: 2 steps, 1 answer, ")
    steps.children[1].value = False
    assert total.value.startswith("Leaves: 1 step, 1 answer, ")
    form.value = "json"
    assert name.value.endswith(".agenttrace.json")
    name.value = "chosen.agenttrace.json"
    write.click()
    (shared,) = load(tmp_path / "chosen.agenttrace.json")
    assert shared.left_out is not None
    assert shared.left_out.steps == 1
