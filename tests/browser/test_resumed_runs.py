"""A run whose server was killed: the page goes on with it on the next one."""

from __future__ import annotations

import signal
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.lab import Lab, LabPage, Trace

AGENT = """\
from jupyter_agentkit import Agent

def turn(line):
    arguments = {"path": str(PATH), "line": line}
    return {"say": f"Now {line}.", "calls": [{"tool": "write_line", "arguments": arguments}]}

writer = Agent("writer", tools=["write_line"], model="demo", script=map(turn, ["one", "two", "three"]))"""
RUN = "run = writer.run('Write three lines')\nrun"


def test_a_run_whose_server_was_killed_is_resumed_and_repeats_nothing_without_asking(
    own_lab: Lab, open_page: Callable[[Lab], LabPage]
) -> None:
    lines = own_lab.root / "lines"
    hold = own_lab.root / "lines.two.hold"
    hold.touch()
    own_lab.write("writes.ipynb", [AGENT.replace("PATH", repr(str(lines))), RUN])
    page = open_page(own_lab)
    page.open("writes.ipynb")
    page.run_all()
    trace = page.trace()
    expect(trace.element).to_contain_text("two is written")
    own_lab.stop(signal.SIGKILL)
    trace.expect_connection("reconnecting")
    hold.unlink()
    own_lab.start()
    trace.expect_status("interrupted")
    page.dismiss()
    resume = trace.element.get_by_role("button", name="Resume", exact=True)
    expect(resume).to_be_visible()
    page.picture("resume")
    resume.click()

    later = Trace(page.page.locator("agentkit-trace agentkit-trace"))
    later.expect_status("input_required")
    expect(later.element).to_contain_text("It may have run already")
    expect(later.element).to_contain_text("Resumed")
    page.picture("resume-asks")
    assert lines.read_text().split() == ["one", "two"]
    later.element.get_by_role("button", name="Deny", exact=True).click()
    later.element.get_by_role("button", name="Deny", exact=True).click()
    later.expect_status("completed")
    later.expect_connection("saved")
    page.picture("resumed")
    assert lines.read_text().split() == ["one", "two", "three"]
    expect(resume).to_have_count(0)

    page.save()
    (output,) = own_lab.read("writes.ipynb").cells[1].outputs
    document = output.data["application/vnd.agentkit.trace+json"]
    (resumed,) = document["follow_ups"]
    assert (document["status"], resumed["status"]) == ("interrupted", "completed")
    assert resumed["events"][0]["resumes"] == document["task_id"]
    assert output.data["text/html"].count("Write three lines") == 1
