"""The magics in a real kernel: what they ask, list and complete, and what they say of wrong use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from agentkit.core.protocol import AgentConfig
from agentkit.llm.protocol import ToolCall
from agentkit.trace.document import TRACES_MIME
from tests.jupyter_agentkit.kernel.notebook import Cell, Notebook
from tests.jupyter_agentkit.kernel.server import AgentServer, Gate

TRACE = "application/vnd.agentkit.trace+json"
VIEW = "application/vnd.jupyter.widget-view+json"

SETUP = """
%load_ext jupyter_agentkit
from jupyter_agentkit import Agent, AgentRun, tool

def shout(word: str) -> str:
    "Say it loudly."
    return word.upper()

@tool(policy="ask")
def drop(table: str) -> str:
    "Drop a table."
    return f"dropped {table}"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[AgentServer]:
    server = AgentServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def notebook(server: AgentServer) -> Iterator[Notebook]:
    notebook = Notebook(server.environment)
    notebook.run(SETUP)
    yield notebook
    notebook.close()


def shown(cell: Cell) -> str:
    return str(cell.of("execute_result")[0]["data"]["text/plain"])


def calls_shout(*turns: Any) -> list[Any]:
    return [[ToolCall("1", "shout", {"word": "hey"})], *turns]


def test_a_cell_asks_an_agent_of_the_notebook(notebook: Notebook, server: AgentServer) -> None:
    model = server.script(*calls_shout("HEY it is."))
    notebook.run(f'loud = Agent("loud", tools=[shout], model={model!r})')

    cell = notebook.run("%%agent loud -o answer\nShout it.")

    assert cell.of("display_data")[0]["data"][TRACE]["input"] == "Shout it."
    assert notebook.run("print(answer.wait(60))").text == "HEY it is.\n"


def test_an_agent_that_another_variable_holds_is_found_by_its_name_with_its_functions(
    notebook: Notebook, server: AgentServer
) -> None:
    model = server.script(*calls_shout("HEY it is."))
    notebook.run(f'mine = Agent("shouter", tools=[shout], model={model!r})')

    notebook.run("%%agent shouter -o answer\nShout it.")

    assert notebook.run("print(answer.wait(60))").text == "HEY it is.\n"


def test_a_cell_takes_other_tools_and_another_model_for_its_run(
    notebook: Notebook, server: AgentServer
) -> None:
    model = server.script(*calls_shout("HEY it is."))
    notebook.run('plain = Agent("plain")')

    notebook.run(f"%%agent plain --tools shout --model {model} -o answer\nShout it.")
    cell = notebook.run(
        "print(answer.wait(60), [s['tool_name'] for s in answer.steps[:3] if 'tool_name' in s])"
    )

    assert cell.text == "HEY it is. ['shout']\n"
    assert notebook.run("print(list(plain.tools))").text == "[]\n"


def test_a_cell_goes_on_with_the_conversation_of_an_earlier_run(
    notebook: Notebook, server: AgentServer
) -> None:
    heard: list[str] = []

    def listen(request: Any) -> None:
        heard[:] = [str(message.content) for message in request.messages]

    model = server.script("First.", [listen, "Second."])
    notebook.run(f'talker = Agent("talker", model={model!r})')

    notebook.run("%%agent talker -o first\nOne?")
    notebook.run("first.wait(60)")
    notebook.run("%%agent talker --thread first -o second\nTwo?")
    notebook.run("second.wait(60)")
    cell = notebook.run("print(first.thread == second.thread)")

    assert cell.text == "True\n"
    assert heard[-3:] == ["One?", "First.", "Two?"]


def test_a_cell_says_in_advance_what_is_answered(notebook: Notebook, server: AgentServer) -> None:
    model = server.script([ToolCall("1", "drop", {"table": "sales"})], "Gone.")
    notebook.run(f'dropper = Agent("dropper", tools=[drop], model={model!r})')

    notebook.run("%%agent dropper --on-ask approve -o answer\nDrop it.")
    cell = notebook.run("print(answer.wait(60), answer.steps[-1]['status'])")

    assert cell.text == "Gone. completed\n"


def test_a_run_that_asks_is_answered_while_the_cell_waits_for_it(
    notebook: Notebook, server: AgentServer
) -> None:
    model = server.script([ToolCall("1", "drop", {"table": "sales"})], "Gone.")

    cell = notebook.run(f"""
import threading
run = Agent("dropper2", tools=[drop], model={model!r}).run("Drop it.")
def answer(change):
    if change["new"]:
        threading.Thread(target=run.answer, args=["approve"]).start()
run.observe(answer, "requests")
if run.requests:
    run.answer("approve")
print(run.wait(60))
""")

    assert cell.text == "Gone.\n"


def test_a_run_that_a_program_started_fails_rather_than_ask(
    notebook: Notebook, server: AgentServer
) -> None:
    model = server.script([ToolCall("1", "drop", {"table": "sales"})], "Never.")

    code = f'run = Agent("dropper3", tools=[drop], model={model!r}).run("Drop it.")\nrun'
    cell = notebook.finish(notebook.begin(code, headless=True))

    [shown] = cell.of("display_data")
    assert shown["data"][TRACE]["error"]["reason"] == "needs_answer"
    [error] = cell.of("error")
    assert error["ename"] == "CellFailed"
    assert "nobody is there to ask" in error["evalue"]


def test_agents_are_listed_with_their_variables(notebook: Notebook, server: AgentServer) -> None:
    server.hub.register(AgentConfig(name="elsewhere", description="Of the server | <b>bold</b>"))
    notebook.run('mine = Agent("own", tools=[shout], prompt="You help.")')

    cell = notebook.run("%agents")

    lines = shown(cell).splitlines()
    assert lines[0].split() == ["Agent", "Variable", "Model", "Tools", "Description"]
    assert any(re.split(r"  +", line) == ["own", "mine", "shout", "You help."] for line in lines)
    assert any(line.startswith("elsewhere") for line in lines)
    data = cell.of("execute_result")[0]["data"]
    assert "&lt;b&gt;bold" in data["text/html"]
    assert "Of the server \\| &lt;b&gt;bold" in data["text/markdown"]


def test_tasks_are_listed_newest_first_and_may_be_chosen(
    notebook: Notebook, server: AgentServer
) -> None:
    gate = Gate()
    model = server.script("Yes.", [gate, "Later."])
    notebook.run(f"""
listed = Agent("listed", model={model!r})
done = listed.run("First?")
done.wait(60)
going = listed.run("Second?")
""")

    both = shown(notebook.run("%tasks --agent listed")).splitlines()
    last = shown(notebook.run("%tasks --agent listed -n 1")).splitlines()
    ended = shown(notebook.run("%tasks --agent listed --status completed")).splitlines()
    none = shown(notebook.run("%tasks --agent listed --status failed"))

    assert both[0].split() == ["State", "Agent", "Question", "Time", "Task"]
    assert [line.split("  ")[0] for line in both[1:]] == ["running", "completed"]
    assert len(last) == 2
    assert "Second?" in last[1]
    assert len(ended) == 2
    assert "First?" in ended[1]
    assert none == "No such tasks."
    gate.open()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%%agent lo", "loud_one"),
        ("%%agent loud_one --on-ask f", "fail"),
        ("%%agent loud_one --th", "--thread"),
    ],
)
def test_what_may_follow_is_completed(notebook: Notebook, line: str, expected: str) -> None:
    notebook.run('loud_one = Agent("loud_one")')

    cell = notebook.run(f"print(get_ipython().complete('', {line!r}, {len(line)})[1])")

    assert repr(expected) in cell.text


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%agent nobody\nGo", "nobody = Agent("),
        ("%%agent no-body\nGo", "agent = Agent("),
        ("%%agent\nGo", "required: NAME"),
        ("%%agent known\n  ", "no question"),
        ("%%agent nobody --model a:b\nGo", "--model goes with a variable"),
        ("%%agent nobody --tools a\nGo", "--tools goes with a variable"),
        ("%%agent known --tools number\nGo", "the variable 'number' holds int, no function"),
        ("%%agent known --tools nowhere\nGo", "nowhere"),
        ("%%agent known --model nobody:any\nGo", "nobody"),
        ("%%agent known --thread bad/name\nGo", "thread_id"),
        ("%%agent known --on-ask maybe\nGo", "invalid choice: 'maybe'"),
        ("%%agent known -o 3x\nGo", "name of a variable"),
        ("%%agent known --nonsense\nGo", "--nonsense"),
        ("%tasks --status odd", "the states are: queued, running"),
        ("%tasks -n many", "a number from 1 to 1000, not 'many'"),
        ("%tasks -n 0", "a number from 1 to 1000"),
        ("%agents all", "all"),
    ],
)
def test_wrong_use_is_told_in_one_line(notebook: Notebook, cell: str, message: str) -> None:
    notebook.run('known = Agent("known")\nnumber = 3')

    done = notebook.finish(notebook.begin(cell))

    said = done.text + str(done.of("error"))
    assert "UsageError" in said
    assert message in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        (
            "cell",
            "agent",
            ["%%agent [", "--model", "--thread", "--tools", "--on-ask", "--output", "answer"],
        ),
        ("line", "agents", ["variables of this notebook", "on the server"]),
        ("line", "tasks", ["--status", "--agent", "-n", "input_required"]),
    ],
)
def test_each_magic_has_help(notebook: Notebook, kind: str, name: str, told: list[str]) -> None:
    cell = notebook.run(f"print(get_ipython().find_magic({name!r}, {kind!r}).__doc__)")

    for word in told:
        assert word in cell.text


def test_a_map_shows_its_progress_and_leaves_a_table(
    notebook: Notebook, server: AgentServer
) -> None:
    gate = Gate()
    model = server.script([gate, "One."], "Two.")
    cell = notebook.run(
        f'answers = Agent("many", model={model!r}).map(["a", "b"], concurrency=1)\nanswers'
    )

    first = cell.of("display_data")[0]["data"]
    assert VIEW in first
    gate.open()
    notebook.run("answers.wait(60)")
    notebook.until(cell, lambda: bool(cell.of("update_display_data")))

    last = cell.of("update_display_data")[-1]["data"]
    assert set(last) == {TRACES_MIME, "text/html", "text/markdown", "text/plain"}
    assert "2 completed" in last["text/markdown"]


def test_a_map_that_a_program_shows_is_waited_for(notebook: Notebook, server: AgentServer) -> None:
    model = server.script("One.", "Two.")

    cell = notebook.run(f'Agent("many2", model={model!r}).map(["a", "b"])', headless=True)

    [data] = [content["data"] for content in cell.of("display_data")]
    assert "2 completed" in data["text/markdown"]
    assert VIEW not in data
