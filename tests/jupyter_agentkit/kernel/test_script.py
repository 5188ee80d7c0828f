"""A script for the demo model, written in a notebook."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit.core.protocol import ScriptedTurn
from agentkit.errors import InvalidInput
from agentkit.llm.demo import DemoProvider
from jupyter_agentkit import Agent
from tests.jupyter_agentkit.kernel.server import ServeScript

SCRIPT: list[dict[str, Any]] = [
    {"say": "I look.", "calls": [{"tool": "double", "arguments": {"x": 21}}]},
    {"say": "What I found:"},
]


def double(x: int) -> int:
    return 2 * x


def test_the_demo_model_plays_the_script_with_the_notebooks_function(serve: ServeScript) -> None:
    server = serve()
    server.hub.executor.gateway.register_provider("demo", DemoProvider(pace=0))

    run = Agent("a", tools=[double], model="demo", script=SCRIPT).run("Go")

    answer = run.wait(20)
    assert answer.startswith("What I found:")
    assert "`double` returned **42**." in answer


def test_another_model_is_not_given_the_script(serve: ServeScript) -> None:
    serve(["I decide by myself."])

    run = Agent("a", tools=[double], script=SCRIPT).run("Go")

    assert run.wait(20) == "I decide by myself."
    assert not [step for step in run.steps if step["event_type"] == "tool_call"]


def test_a_script_is_written_as_dicts_or_as_turns() -> None:
    turns = [ScriptedTurn.model_validate(turn) for turn in SCRIPT]
    assert Agent("a", script=turns).config == Agent("a", script=SCRIPT).config


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("look", "script has to be a list"),
        ([{"say": 1}], r"script\.0\.say"),
        ([{"calls": [{"tol": "double"}]}], r"script\.0\.calls\.0\.tol: is no known field"),
    ],
)
def test_a_script_that_cannot_be_played_is_refused_with_its_place(
    script: Any, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        Agent("a", script=script)
