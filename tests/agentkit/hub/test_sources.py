"""Agents and skills that follow their folders."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from agentkit.core.protocol import AgentConfig
from agentkit.errors import InvalidInput, NotFound
from agentkit.hub.agents import AgentRegistry
from agentkit.hub.sources import Places, Sources
from agentkit.llm.scripted import ScriptedProvider
from agentkit.skills.folders import Place
from agentkit.skills.registry import SkillRegistry
from tests.agentkit.hosting import ended, hub_of, start
from tests.agentkit.running import SOON, until

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return write


def sources_of(*folders: Path, packaged: tuple[AgentConfig, ...] = ()) -> Sources:
    places = Places(agents=[Place(folder) for folder in folders])
    sources = Sources(SkillRegistry(), lambda: places, packaged)
    sources.load()
    return sources


def description(sources: Sources, name: str = "a") -> str:
    return sources.agents.get(name).description


# The registry ----------------------------------------------------------------------------------


def test_a_changed_definition_takes_the_place_of_a_registration_and_an_unchanged_one_does_not() -> (
    None
):
    agents = AgentRegistry()
    agents.define({"a": AgentConfig(name="a", description="file")})
    assert not agents.register(AgentConfig(name="a", description="notebook"))
    agents.define({"a": AgentConfig(name="a", description="file")})
    assert agents.get("a").description == "notebook"
    agents.define({"a": AgentConfig(name="a", description="file, changed")})
    assert agents.get("a").description == "file, changed"


def test_a_definition_that_is_gone_takes_its_own_agent_and_nobody_elses() -> None:
    agents = AgentRegistry()
    agents.define({name: AgentConfig(name=name) for name in ("a", "b")})
    agents.register(AgentConfig(name="b", description="notebook"))
    agents.define({})
    assert [agent.name for agent in agents] == ["b"]
    with pytest.raises(NotFound):
        agents.get("a")


def test_a_removed_agent_stays_away_until_its_definition_changes() -> None:
    agents = AgentRegistry()
    agents.define({"a": AgentConfig(name="a")})
    agents.remove("a")
    agents.define({"a": AgentConfig(name="a")})
    assert len(agents) == 0
    agents.define({"a": AgentConfig(name="a", description="changed")})
    assert len(agents) == 1


def test_a_broken_definition_is_no_agent_until_somebody_registers_one() -> None:
    agents = AgentRegistry()
    agents.define({"a": AgentConfig(name="a")})
    agents.define({"a": InvalidInput("a.yaml, line 3: wrong.", reason="broken_agent")})
    assert list(agents) == []
    with pytest.raises(InvalidInput, match=r"line 3: wrong") as caught:
        agents.get("a")
    assert caught.value.reason == "broken_agent"
    assert "an earlier one is not run in its place" in caught.value.message
    assert not agents.register(AgentConfig(name="a", description="notebook"))
    assert agents.get("a").description == "notebook"


def test_a_broken_definition_still_counts_where_no_agent_is_named() -> None:
    agents = AgentRegistry()
    agents.register(AgentConfig(name="b"))
    agents.define({"a": InvalidInput("wrong", reason="broken_agent")})
    with pytest.raises(InvalidInput, match="registered are: a, b"):
        agents.choose(None)
    agents.remove("b")
    with pytest.raises(InvalidInput, match="wrong"):
        agents.choose(None)
    agents.remove("a")
    with pytest.raises(NotFound):
        agents.choose(None)


# The folders -----------------------------------------------------------------------------------


async def test_files_are_followed_as_they_come_change_break_and_go(
    tmp_path: Path, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    sources = sources_of(tmp_path)
    assert list(sources.agents) == []

    file = write("a.yaml", "description: one\n")
    await sources.refresh()
    assert description(sources) == "one"

    write("a.yaml", "description: two\n")
    await sources.refresh()
    assert description(sources) == "two"

    write("a.yaml", "description: two\ntols: []\n")
    await sources.refresh()
    with pytest.raises(InvalidInput, match=r"a\.yaml, line 2: 'tols' is no field"):
        sources.agents.get("a")
    await sources.refresh()
    told = [line for line in caplog.messages if "tols" in line]
    assert told == [f"Agents: {file}, line 2: 'tols' is no field; did you mean 'tools'?"]
    [problem] = sources.agent_problems
    assert (problem.file, problem.line) == (file, 2)

    write("a.yaml", "description: three\n")
    await sources.refresh()
    assert description(sources) == "three"
    assert sources.agent_problems == []

    file.unlink()
    await sources.refresh()
    assert list(sources.agents) == []


async def test_a_fault_that_comes_back_is_told_again(
    tmp_path: Path, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    sources = sources_of(tmp_path)
    for text in ("tols: []", "tools: []", "tols: []"):
        write("a.yaml", text)
        await sources.refresh()
    assert len(caplog.messages) == 2


async def test_a_broken_file_keeps_the_name_that_it_had(tmp_path: Path, write: Write) -> None:
    sources = sources_of(tmp_path)
    write("file.yaml", "name: known\n")
    await sources.refresh()
    write("file.yaml", "name: known: what\n")
    await sources.refresh()
    with pytest.raises(InvalidInput, match=r"file\.yaml, line 1"):
        sources.agents.get("known")


async def test_of_several_folders_the_first_counts_and_hides_broken_or_not(
    tmp_path: Path, write: Write
) -> None:
    write("project/a.yaml", "tols: []")
    write("project/b.md", "---\nname: b\n---\nThe project's.")
    mine = write("user/a.yaml", "description: mine")
    write("user/b.yaml", "description: mine")
    write("user/c.yaml", "description: mine")
    sources = sources_of(tmp_path / "project", tmp_path / "user")
    assert sources.agents.get("b").prompt.identity == "The project's."
    assert description(sources, "c") == "mine"
    with pytest.raises(InvalidInput, match=r"project/a\.yaml"):
        sources.agents.get("a")
    messages = {problem.file: problem.message for problem in sources.agent_problems}
    assert f"the agent 'a' of {tmp_path / 'project' / 'a.yaml'} takes its place" in messages[mine]
    assert [each.name for each in sources.agent_files] == ["b", "c"]


async def test_a_packages_agent_is_back_when_the_file_over_it_is_gone(
    tmp_path: Path, write: Write
) -> None:
    packaged = AgentConfig(name="a", description="package")
    sources = sources_of(tmp_path, packaged=(packaged,))
    assert description(sources) == "package"
    file = write("a.yaml", "description: file")
    await sources.refresh()
    assert description(sources) == "file"
    file.unlink()
    await sources.refresh()
    assert description(sources) == "package"


async def test_who_asks_while_a_look_is_under_way_gets_a_later_one(
    tmp_path: Path, write: Write
) -> None:
    looks: list[str] = []
    may_end = threading.Event()

    def places() -> Places:
        looks.append("begun")
        may_end.wait(SOON)
        looks.append("ended")
        return Places(agents=[Place(tmp_path)])

    sources = Sources(SkillRegistry(), places)
    first = asyncio.ensure_future(sources.refresh())
    await until(lambda: looks == ["begun"])
    write("a.yaml", "description: new")
    others = [asyncio.ensure_future(sources.refresh()) for _ in range(50)]
    for _ in range(500):  # as long as a look that did not wait would take to begin
        await asyncio.sleep(0)
    may_end.set()
    await asyncio.gather(first, *others)
    assert description(sources) == "new"
    assert looks == ["begun", "ended", "begun", "ended"]


async def test_a_run_is_started_with_the_file_as_it_is_now(tmp_path: Path, write: Write) -> None:
    write("writer.yaml", "description: x")
    skills = SkillRegistry()
    sources = Sources(skills, lambda: Places(agents=[Place(tmp_path)]))
    provider = ScriptedProvider(["one", "two"])
    hub = hub_of(provider, sources=sources)
    await hub.open()
    try:
        write("writer.yaml", "prompt: You are new here.")
        task = await ended(await start(hub, agent="writer"))
        assert task.summary.status == "completed"
        assert "You are new here." in provider.requests[0].messages[0].content
        write("writer.yaml", "promt: You are broken.")
        with pytest.raises(InvalidInput, match="did you mean 'prompt'"):
            await start(hub, "t2", agent="writer")
        assert len(provider.requests) == 1
    finally:
        await hub.close()


async def test_a_skill_that_is_changed_is_offered_as_it_is_now(
    tmp_path: Path, write: Write
) -> None:
    skills = SkillRegistry()
    sources = Sources(skills, lambda: Places(skills=[Place(tmp_path)]))
    write("charts/SKILL.md", "---\nname: charts\ndescription: old\n---\n")
    sources.load()
    assert "old" in skills.listing()
    write("charts/SKILL.md", "---\nname: charts\ndescription: new\n---\n")
    await sources.refresh()
    assert "new" in skills.listing()
    (tmp_path / "charts").rename(tmp_path / "gone")
    await sources.refresh()
    assert "charts" not in skills
