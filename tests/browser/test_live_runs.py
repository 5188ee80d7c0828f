"""A run in a cell of a real notebook, while it runs."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.lab import Lab, LabPage

OpenPage = Callable[[Lab], LabPage]

AGENT = """\
from time import sleep
from jupyter_agentkit import Agent

def tick(number: int) -> int:
    "Count one tick."
    return number * 10

def agent(model, *tools):
    return Agent("counter", tools=tools or [tick], model=model, limits={"max_steps": 2000})"""

FOREVER = "agent('paced:1000x0.2').run('Count to a thousand')"

CANCEL_SECONDS = 1
"""How long a person waits at most between the click and a run that has stopped."""


def test_steps_appear_while_a_cell_blocks_the_kernel(lab: Lab, open_page: OpenPage) -> None:
    run = "agent('paced:5x0.2').run('Count to five')"
    lab.write("busy.ipynb", [AGENT, run, "sleep(20); print('slept')"])
    page = open_page(lab)
    page.open("busy.ipynb")
    page.run_all()
    trace = page.trace()
    expect(trace.steps("tool_call")).to_have_count(5)
    trace.expect_status("completed")
    expect(trace.element).to_contain_text("5 ticks: 10, 20, 30, 40, 50")
    expect(page.output(2)).not_to_contain_text("slept")


def test_cancel_stops_the_run_within_a_second_while_the_kernel_is_busy(
    lab: Lab, open_page: OpenPage
) -> None:
    lab.write("cancel.ipynb", [AGENT, FOREVER, "while True: pass"])
    page = open_page(lab)
    page.open("cancel.ipynb")
    page.run_all()
    trace = page.trace()
    expect(trace.steps("tool_call").nth(2)).to_be_visible()
    clicked = time.monotonic()
    trace.cancel.click()
    trace.expect_status("cancelled")
    # This second is the promise itself, so here a clock is asked.
    assert time.monotonic() - clicked < CANCEL_SECONDS
    expect(trace.element).to_contain_text("Stopped by you")
    (task,) = lab.tasks()
    assert task["status"] == "cancelled"
    expect(trace.cancel).to_have_count(0)


def test_a_page_reloaded_in_mid_run_shows_the_earlier_steps_and_goes_on(
    lab: Lab, open_page: OpenPage
) -> None:
    lab.write("reload.ipynb", [AGENT, FOREVER])
    page = open_page(lab)
    page.open("reload.ipynb")
    page.run_all()
    expect(page.trace().steps("tool_call").nth(2)).to_be_visible()
    page.save()
    page.reload()
    trace = page.trace()
    trace.expect_connection("live")
    expect(trace.steps("tool_call").nth(2)).to_be_attached()
    seen = trace.steps("tool_call").count()
    expect(trace.steps("tool_call").nth(seen + 2)).to_be_attached()
    seqs = trace.seqs()
    assert seqs == sorted(set(seqs))
    trace.cancel.click()
    trace.expect_status("cancelled")


def test_a_run_outlives_its_kernel_and_its_tools_end_as_interrupted(
    lab: Lab, open_page: OpenPage
) -> None:
    stuck = """\
def tick(number: int) -> int:
    "Count one tick."
    if number == 2:
        sleep(1000)
    return number * 10"""
    run = "agent('paced:3x0.1', tick).run('Count to three')"
    lab.write("restart.ipynb", [AGENT, stuck, run])
    page = open_page(lab)
    page.open("restart.ipynb")
    page.run_all()
    trace = page.trace()
    expect(trace.steps("tool_call").nth(1)).to_be_visible()
    page.restart_kernel()
    trace.expect_status("completed")
    (task,) = lab.tasks()
    outcomes = [
        event["outcome"]
        for event in lab.events(task["task_id"])
        if event["event_type"] == "tool_result"
    ]
    assert outcomes == ["success", "interrupted", "interrupted"]
    expect(trace.element).to_contain_text("went away")


def test_two_pages_on_one_task_see_the_same_steps(lab: Lab, open_page: OpenPage) -> None:
    lab.write("two.ipynb", [AGENT, FOREVER])
    first, second = open_page(lab), open_page(lab)
    first.open("two.ipynb")
    first.run_all()
    expect(first.trace().steps("tool_call").nth(0)).to_be_visible()
    first.save()
    second.open("two.ipynb")
    second.trace().expect_connection("live")
    seen = second.trace().steps("tool_call").count()
    expect(second.trace().steps("tool_call").nth(seen + 1)).to_be_attached()
    first.trace().cancel.click()
    for page in (first, second):
        page.trace().expect_status("cancelled")
    assert first.trace().seqs() == second.trace().seqs()


def test_a_server_that_stops_tells_the_page_that_the_run_was_interrupted(
    own_lab: Lab, open_page: OpenPage
) -> None:
    own_lab.write("stopped.ipynb", [AGENT, FOREVER])
    page = open_page(own_lab)
    page.open("stopped.ipynb")
    page.run_all()
    trace = page.trace()
    expect(trace.steps("tool_call").nth(1)).to_be_visible()
    own_lab.stop()
    trace.expect_status("interrupted")


def test_a_server_that_died_shows_as_reconnecting_and_then_the_truth(
    own_lab: Lab, open_page: OpenPage
) -> None:
    own_lab.write("server.ipynb", [AGENT, FOREVER])
    page = open_page(own_lab)
    page.open("server.ipynb")
    page.run_all()
    trace = page.trace()
    expect(trace.steps("tool_call").nth(1)).to_be_visible()
    own_lab.stop(signal.SIGKILL)
    trace.expect_connection("reconnecting")
    expect(trace.steps("tool_call").nth(1)).to_be_visible()
    page.picture("reconnecting")
    own_lab.start()
    trace.expect_status("interrupted")
    trace.expect_connection("saved")
    (task,) = own_lab.tasks()
    assert task["status"] == "interrupted"


def test_notebook_7_shows_a_run_live(lab: Lab, open_page: OpenPage) -> None:
    run = "agent('paced:3x0.2').run('Count to three')"
    lab.write("seven.ipynb", [AGENT, run])
    page = open_page(lab)
    page.open("seven.ipynb", app="notebook")
    page.run_all()
    trace = page.trace()
    expect(trace.steps("tool_call").nth(0)).to_be_visible()
    trace.expect_status("completed")
    expect(trace.element).to_contain_text("3 ticks")


def test_a_run_can_be_laid_out_with_other_widgets(lab: Lab, open_page: OpenPage) -> None:
    layout = """\
from ipywidgets import HBox, Label
run = agent('paced:3x0.2').run('Count to three')
HBox([Label('beside it'), run])"""
    lab.write("box.ipynb", [AGENT, layout, "sleep(20)"])
    page = open_page(lab)
    page.open("box.ipynb")
    page.run_all()
    trace = page.trace()
    expect(page.output(1).locator(".widget-hbox")).to_contain_text("beside it")
    trace.expect_status("completed")
    expect(trace.steps("tool_call")).to_have_count(3)


def test_a_run_beside_other_widgets_is_there_again_after_a_reload(
    lab: Lab, open_page: OpenPage
) -> None:
    layout = f"""\
from ipywidgets import HBox, Label
run = {FOREVER}
HBox([Label('beside it'), run])"""
    lab.write("box.ipynb", [AGENT, layout])
    page = open_page(lab)
    page.open("box.ipynb")
    page.run_all()
    expect(page.trace().steps("tool_call").nth(1)).to_be_visible()
    page.save()
    page.reload()
    trace = page.trace()
    trace.expect_connection("live")
    seen = trace.steps("tool_call").count()
    expect(trace.steps("tool_call").nth(seen + 1)).to_be_attached()
    trace.cancel.click()
    trace.expect_status("cancelled")
