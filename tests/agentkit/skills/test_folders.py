"""Skills that are found in the folders of several places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentkit.skills.folders import MAX_ENTRIES, Found, Place, SkillFinder
from agentkit.skills.loader import Skill, load_skill
from agentkit.skills.registry import SkillRegistry

LONG_AGO = 1_000_000_000


def make(root: Path, name: str, description: str = "x", *, settled: bool = False) -> Path:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "SKILL.md"
    file.write_text(f"---\nname: {name}\ndescription: {description}\n---\nDo {name}.")
    if settled:
        os.utime(file, (LONG_AGO, LONG_AGO))
    return folder


def described(found: Found[Skill]) -> dict[str, str]:
    return {skill.name: skill.description for skill in found.items}


def test_what_comes_first_counts_and_the_other_is_named(tmp_path: Path) -> None:
    make(tmp_path / "project", "same", "the project's")
    mine = make(tmp_path / "user", "same", "mine")
    make(tmp_path / "user", "other")
    registry = SkillRegistry()
    registry.take(SkillFinder().find([Place(tmp_path / "project"), Place(tmp_path / "user")]))
    assert registry.get("same").description == "the project's"
    assert registry.names == ["same", "other"]
    [problem] = registry.problems
    assert problem.file == mine / "SKILL.md"
    assert (
        f"the skill 'same' from {tmp_path / 'project' / 'same'} takes its place" in problem.message
    )


def test_a_skill_that_was_added_by_itself_keeps_its_name(tmp_path: Path) -> None:
    added = load_skill(make(tmp_path / "one", "same", "added"))
    make(tmp_path / "two", "same", "found")
    registry, finder = SkillRegistry(), SkillFinder()
    registry.take(finder.find([Place(tmp_path / "two")]))
    assert registry.get("same").description == "found"
    registry.add(added, replace=True)
    registry.take(finder.find([Place(tmp_path / "two")]))
    assert registry.get("same") is added
    registry.take(finder.find([]))
    assert registry.names == ["same"]


@pytest.mark.parametrize("settled", [True, False])
def test_a_changed_skill_is_read_again_and_one_that_is_gone_is_forgotten(
    tmp_path: Path, settled: bool
) -> None:
    finder, place = SkillFinder(), Place(tmp_path)
    make(tmp_path, "a", "old", settled=settled)
    make(tmp_path, "b", "old", settled=settled)
    assert described(finder.find([place])) == {"a": "old", "b": "old"}
    make(tmp_path, "a", "new")
    (tmp_path / "b" / "SKILL.md").unlink()
    assert described(finder.find([place])) == {"a": "new"}


def test_a_skill_that_was_just_written_is_read_again(tmp_path: Path) -> None:
    # Where the clock of files is coarse, the next change would not show.
    finder, place = SkillFinder(), Place(tmp_path)
    make(tmp_path, "a")
    [before] = finder.find([place]).items
    [after] = finder.find([place]).items
    assert after is not before


def test_a_skill_that_has_not_changed_is_not_read_again(tmp_path: Path) -> None:
    finder, place = SkillFinder(), Place(tmp_path)
    make(tmp_path, "a", settled=True)
    [before] = finder.find([place]).items
    [after] = finder.find([place]).items
    assert after is before


def test_a_broken_header_names_its_file_and_line_until_it_is_put_right(tmp_path: Path) -> None:
    finder, place = SkillFinder(), Place(tmp_path)
    folder = make(tmp_path, "a", "Use it when: needed", settled=True)
    for _ in range(2):
        found = finder.find([place])
        [problem] = found.problems
        assert found.items == []
        assert (problem.file, problem.line) == (folder / "SKILL.md", 3)
        assert f"{folder / 'SKILL.md'}, line 3: no valid YAML" in problem.message
    make(tmp_path, "a", "'Use it when: needed'")
    found = finder.find([place])
    assert described(found) == {"a": "Use it when: needed"}
    assert found.problems == []


def test_of_a_folder_that_is_not_trusted_only_names_are_seen(tmp_path: Path) -> None:
    folder = make(tmp_path, "a")
    (folder / "SKILL.md").unlink()
    os.mkfifo(folder / "SKILL.md")  # whoever opened it would wait for ever
    (tmp_path / "no-skill").mkdir()
    make(tmp_path, "line\nbreak")
    found = SkillFinder().find([Place(tmp_path, trust="say yes")])
    assert (found.items, found.problems) == ([], [])
    [withheld] = found.withheld
    assert (withheld.folder, withheld.trust) == (tmp_path, "say yes")
    assert withheld.names == ("a", r"'line\nbreak'")


def test_a_folder_without_skills_is_not_worth_a_word(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    places = [
        Place(tmp_path / "empty", trust="say yes"),
        Place(tmp_path / "nowhere", trust="say yes"),
        Place(tmp_path / "nowhere"),
    ]
    assert SkillFinder().find(places) == Found()


def test_a_folder_that_a_setting_names_has_to_be_there(tmp_path: Path) -> None:
    [problem] = SkillFinder().find([Place(tmp_path / "nowhere", setting="c.skills")]).problems
    assert problem.message == f"c.skills: There is no folder {tmp_path / 'nowhere'}."
    [problem] = SkillFinder().find([Place(make(tmp_path, "a"), setting="c.skills")]).problems
    assert "is a skill, not a folder of skills" in problem.message


def test_links_lead_out_of_the_users_folders_but_not_out_of_a_project(tmp_path: Path) -> None:
    outside = make(tmp_path / "outside", "far")
    project = tmp_path / "project"
    near = make(project / "hidden", "near")
    skills = project / ".agents" / "skills"
    skills.mkdir(parents=True)
    (skills / "far").symlink_to(outside)
    (skills / "near").symlink_to(near)
    (skills / "loop").symlink_to(skills / "loop")
    within = SkillFinder().find([Place(skills, within=project)])
    assert described(within).keys() == {"near"}
    [problem] = within.problems
    assert problem.file == skills / "far"
    assert "a link leads out of" in problem.message
    assert described(SkillFinder().find([Place(skills)])).keys() == {"far", "near"}


def test_a_whole_folder_that_is_linked_out_of_a_project_is_not_followed(tmp_path: Path) -> None:
    make(tmp_path / "outside", "far")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "skills").symlink_to(tmp_path / "outside")
    found = SkillFinder().find(
        [Place(tmp_path / "project" / "skills", within=tmp_path / "project")]
    )
    assert found.items == []
    assert len(found.problems) == 1


def test_a_folder_with_very_many_entries_is_a_problem(tmp_path: Path) -> None:
    for number in range(MAX_ENTRIES + 1):
        (tmp_path / f"n{number}").touch()
    [problem] = SkillFinder().find([Place(tmp_path)]).problems
    assert "has 1,001 entries" in problem.message
