"""Our verdicts on skills beside those of the format's reference validator."""

from __future__ import annotations

from pathlib import Path

import pytest
from skills_ref.validator import validate

from agentkit.errors import AgentKitError
from agentkit.marked_text import MAX_FILE_BYTES
from agentkit.skills.loader import load_skill

SAMPLES = Path(__file__).parents[2] / "samples" / "skills"

GOOD = {
    "a" * 64,
    "dashes",
    "größe",
    "least",
    "longest-description",
    "quoted",
    "whole",
    "windows-lines",
    "without-body",
    "words-and-2-digits",
}
LOADED_WITH_A_REMARK = {"anchored", "flow-style", "tagged", "unknown-field"}
"""What the reference refuses and other clients' skills are full of: it loads, and says so."""
DIFFERENT = {
    "byte-order-mark": "an editor puts it there unseen; nothing else is wrong with the file",
    "empty-compatibility": "the specification asks for 1 to 500 characters",
    "license-of-parts": "the specification asks for text",
    "nested-metadata": "the specification asks for a mapping of text to text",
    "small-letters": "the specification says SKILL.md; a skill that loads on some machines only is none",
}
"""Where we judge otherwise than the reference, and why."""


def reference_refuses(folder: Path) -> bool:
    try:
        return bool(validate(folder))
    except UnicodeDecodeError:  # not told apart from a verdict by the reference
        return True


def we_refuse(folder: Path) -> bool:
    try:
        return bool(load_skill(folder).remarks)
    except AgentKitError:
        return True


def samples() -> list[Path]:
    return sorted(SAMPLES.iterdir())


@pytest.mark.parametrize("folder", samples(), ids=lambda folder: folder.name[:30])
def test_our_verdict_is_the_references_but_for_what_is_listed(folder: Path) -> None:
    agrees = we_refuse(folder) == reference_refuses(folder)
    assert agrees == (folder.name not in DIFFERENT)


def test_the_samples_are_good_bad_and_in_between() -> None:
    names = {folder.name for folder in samples()}
    assert {folder.name for folder in samples() if not reference_refuses(folder)} >= GOOD
    assert {folder.name for folder in samples() if not we_refuse(folder)} == GOOD | {
        "byte-order-mark"
    }
    assert names >= DIFFERENT.keys()
    assert len(names) == 40


def test_what_does_no_harm_is_loaded_and_named_with_its_line() -> None:
    remarks = {name: load_skill(SAMPLES / name).remarks for name in LOADED_WITH_A_REMARK}
    assert remarks["unknown-field"] == ("line 4: the format has no field 'argument-hint'",)
    assert remarks["flow-style"][0].startswith("line 4: a list in brackets")
    assert remarks["anchored"][0].startswith("line 3: an anchor")
    assert remarks["tagged"][0].startswith("line 3: a tag")


def test_a_file_without_end_is_refused_where_the_reference_would_read_it_all(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "endless"
    folder.mkdir()
    text = "---\nname: endless\ndescription: x\n---\n" + "x" * MAX_FILE_BYTES
    (folder / "SKILL.md").write_text(text)
    assert not reference_refuses(folder)
    assert we_refuse(folder)
