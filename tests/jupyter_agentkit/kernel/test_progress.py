"""What the terminal is told of a run that nobody watches."""

from __future__ import annotations

import pytest

from jupyter_agentkit.progress import Progress, progress_here
from tests.agentkit.trace.samples import NAMES, hostile, sample

SAID = {
    "completed": "] ◐ Which region grew most between 2024 and 2025",
    "denied": "⊘",
    "failed": "✗ Failed: openai refused the key it was given (401).",
    "recovered": "△ openai answered 429 (too many requests); asked again after 1.2 s.",
    "question": "◆ Asking you (Which year do you mean?)",
    "cancelled": "■ Stopped",
}


@pytest.mark.parametrize("name", NAMES)
def test_each_step_is_one_line_of_what_happened(name: str) -> None:
    lines: list[str] = []
    progress = Progress(lines.append)

    for event in sample(name)["events"]:
        progress.tell([event])

    assert SAID.get(name, "") in "\n".join(lines)
    results = [e for e in sample(name)["events"] if e["event_type"] == "tool_result"]
    assert len(lines) >= len(results)
    assert not any("\n" in line for line in lines)


def test_no_word_of_a_model_or_a_tool_reaches_the_terminal_as_a_command() -> None:
    lines: list[str] = []

    Progress(lines.append).tell(hostile("\x1b]0;owned\x07\x1b[2J\rgone\u202e")["events"])

    assert lines
    assert not set("\x1b\x07\r\u202e") & set("".join(lines))


def test_outside_of_a_kernel_there_is_nothing_to_tell() -> None:
    assert progress_here() is None
