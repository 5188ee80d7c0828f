"""An agent asks in a real notebook, and somebody answers: from elsewhere, while the kernel is busy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, LabPage, Trace

OpenPage = Callable[[Lab], LabPage]

AGENT = """\
from time import sleep
from jupyter_agentkit import Agent, tool

added = []

@tool(policy="ask")
def add(a: int, b: int) -> int:
    "Add two numbers."
    added.append((a, b))
    return a + b

calls = [{"tool": "add", "arguments": {"a": 2, "b": 3}}]
agent = Agent("adder", tools=[add, "ask_user"], model="demo", script=[{"calls": calls}])"""
ASKER = """\
from time import sleep
from jupyter_agentkit import Agent

question = {"question": "Which sum?", "choices": ["the small one", "the large one"]}
calls = [{"tool": "ask_user", "arguments": question}]
agent = Agent("asker", tools=["ask_user"], model="demo", script=[{"calls": calls}])"""
RUN = "run = agent.run('Add 2 and 3')\nrun"
BUSY = "while True: sleep(0.05)"


@pytest.fixture
def asking(lab: Lab, open_page: OpenPage) -> Callable[..., tuple[LabPage, Trace]]:
    """Opens a notebook whose run waits for an answer, in front of the given cells."""

    def ask(*cells: str, agent: str = AGENT, run: str = RUN) -> tuple[LabPage, Trace]:
        lab.write("asks.ipynb", [agent, run, *cells])
        page = open_page(lab)
        page.open("asks.ipynb")
        page.run_all()
        trace = page.trace()
        trace.expect_status("input_required")
        expect(trace.element.get_by_role("group").first).to_be_visible()
        return page, trace

    return ask


def button(trace: Trace, name: str) -> Locator:
    return trace.element.get_by_role("button", name=name, exact=True)


def result(lab: Lab) -> dict[str, Any]:
    """The result of the only call of the only task."""
    (task,) = lab.tasks()
    results = [e for e in lab.events(task["task_id"]) if e["event_type"] == "tool_result"]
    return results[-1]


def test_an_approval_is_given_while_the_kernel_is_busy(
    lab: Lab, asking: Callable[..., tuple[LabPage, Trace]]
) -> None:
    page, trace = asking(BUSY)
    page.picture("approval")
    button(trace, "Approve").click()
    trace.expect_status("completed")
    expect(trace.element).to_contain_text("Approved")
    assert result(lab)["content"]["text/plain"] == "5"


def test_a_denial_is_given_with_a_reason_that_the_agent_is_told(
    lab: Lab, asking: Callable[..., tuple[LabPage, Trace]]
) -> None:
    _, trace = asking(BUSY)
    button(trace, "Deny").click()
    trace.element.get_by_role("textbox", name="Reason").fill("not today")
    trace.element.get_by_role("textbox", name="Reason").press("Enter")
    trace.expect_status("completed")
    expect(trace.element).to_contain_text("not today")
    assert result(lab)["outcome"] == "denied"
    assert "not today" in result(lab)["error"]["message"]


def test_edited_arguments_are_what_the_notebooks_function_gets_while_the_kernel_is_busy(
    lab: Lab, asking: Callable[..., tuple[LabPage, Trace]]
) -> None:
    page, trace = asking(BUSY)
    button(trace, "Edit arguments").click()
    trace.element.get_by_role("textbox", name="a (JSON)").fill("40")
    page.picture("approval-edited")
    button(trace, "Approve").click()
    trace.expect_status("completed")
    assert result(lab)["content"]["text/plain"] == "43"
    page.command("notebook:interrupt-kernel")


def test_what_page_one_asks_is_answered_on_page_two(
    lab: Lab, open_page: OpenPage, asking: Callable[..., tuple[LabPage, Trace]]
) -> None:
    page, trace = asking()
    page.save()
    second = open_page(lab)
    second.open("asks.ipynb", kernel=False)
    other = second.trace()
    other.expect_status("input_required")
    button(other, "Approve").click()
    for each in (trace, other):
        each.expect_status("completed")
        expect(each.element).to_contain_text("Approved")
        expect(button(each, "Approve")).to_have_count(0)
    events = lab.events(lab.tasks()[0]["task_id"])
    assert [e["event_type"] for e in events].count("request_resolved") == 1


def test_a_request_survives_a_reload_and_a_restart_of_the_kernel(
    lab: Lab, asking: Callable[..., tuple[LabPage, Trace]]
) -> None:
    page, _ = asking()
    page.save()
    page.restart_kernel()
    page.reload()
    trace = page.trace()
    trace.expect_status("input_required")
    button(trace, "Deny").click()
    button(trace, "Deny").click()
    trace.expect_status("completed")
    assert result(lab)["outcome"] == "denied"


def test_a_question_is_answered_with_a_choice(
    lab: Lab, asking: Callable[..., tuple[LabPage, Trace]]
) -> None:
    page, trace = asking(BUSY, agent=ASKER)
    page.picture("question")
    button(trace, "the large one").click()
    trace.expect_status("completed")
    expect(trace.element).to_contain_text("the large one")


def test_a_follow_up_from_the_page_runs_the_notebooks_functions_and_is_saved(
    lab: Lab, asking: Callable[..., tuple[LabPage, Trace]]
) -> None:
    page, trace = asking()
    button(trace, "Approve").click()
    trace.expect_status("completed")
    box = trace.element.get_by_role("textbox", name="Ask a follow-up")
    box.fill("Add 20 and 22")
    box.press("Enter")
    later = Trace(page.page.locator("agentkit-trace agentkit-trace").first)
    later.expect_status("input_required")
    later.element.get_by_role("button", name="Approve", exact=True).click()
    later.expect_status("completed")
    expect(later.element).to_contain_text("42")
    later.expect_connection("saved")
    page.picture("follow-up")
    page.save()
    (output,) = lab.read("asks.ipynb").cells[1].outputs
    document = output.data["application/vnd.agentkit.trace+json"]
    assert [run["input"] for run in document["follow_ups"]] == ["Add 20 and 22"]
    assert "Add 20 and 22" in output.data["text/html"]
