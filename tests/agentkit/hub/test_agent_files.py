"""Agents in YAML and Markdown files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.core.protocol import AgentConfig, Limits, Prompt, Rule
from agentkit.errors import BrokenFile, InvalidInput
from agentkit.hub.agent_files import agent_files, name_in, read_agent

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str | bytes, name: str = "analyst.yaml") -> Path:
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


def refused(file: Path) -> tuple[int | None, str]:
    with pytest.raises(BrokenFile) as caught:
        read_agent(file)
    assert caught.value.reason == "broken_agent"
    assert caught.value.file == file
    assert caught.value.message.startswith(str(file))
    return caught.value.line, caught.value.what


def test_every_field_of_an_agent_can_be_written_in_yaml(write: Write) -> None:
    file = write(
        "name: data.analyst\n"
        "description: Looks at tables\n"
        "agent_type: helper\n"
        "task_mode: react\n"
        "model: openai:gpt-5\n"
        "prompt: |\n  You look at tables.\n  Be brief.\n"
        "tools: [read_file, 'github__*']\n"
        "skills:\n- charts\n"
        "policy:\n"
        "  run_python: ask\n"
        "  edit_cell:\n"
        "  - when: {path: 'drafts/*'}\n"
        "    then: allow\n"
        "limits:\n  max_steps: 5\n  seconds: 1.5\n  soft:\n    cost: 0.1\n"
    )
    agent = read_agent(file)
    assert agent.config == AgentConfig(
        name="data.analyst",
        description="Looks at tables",
        agent_type="helper",
        model="openai:gpt-5",
        prompt=Prompt(identity="You look at tables.\nBe brief.\n"),
        tools=("read_file", "github__*"),
        skills=("charts",),
        policy={
            "run_python": "ask",
            "edit_cell": (Rule(when={"path": "drafts/*"}, then="allow"),),
        },
        limits=Limits.model_validate({"max_steps": 5, "seconds": 1.5, "soft": {"cost": 0.1}}),
    )
    assert agent.lines["tools", 1] == 9
    assert agent.lines["policy", "edit_cell", 0, "then"] == 16


def test_the_body_of_a_markdown_file_is_the_prompt_and_its_name_the_agents(write: Write) -> None:
    text = "\ufeff---\r\ndescription: x\r\n---\r\n\r\n# You\r\n\r\nBe brief.\r\n"
    config = read_agent(write(text, "writer.md")).config
    assert config == AgentConfig(
        name="writer", description="x", prompt=Prompt(identity="# You\n\nBe brief.")
    )


def test_a_prompt_may_be_written_as_it_is_sent(write: Write) -> None:
    assert read_agent(write("prompt: {identity: x}")).config.prompt.identity == "x"


def test_dates_and_versions_stay_as_they_are_written(write: Write) -> None:
    config = read_agent(write("description: 2024-01-02\nmodel: a:2024-01-02\n")).config
    assert (config.description, config.model) == ("2024-01-02", "a:2024-01-02")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("tols: [a]", 1, "'tols' is no field; did you mean 'tools'?"),
        ("description: x\nzzz: 1", 2, "'zzz' is no field; there are name, description,"),
        ("limits:\n  max_step: 1", 2, "'limits.max_step' is no field; did you mean 'max_steps'?"),
        ("limits:\n  soft:\n    cots: 1", 3, "'limits.soft.cots' is no field; did you mean 'cost'"),
        ("limits:\n  max_steps: 0", 2, "'limits.max_steps' should be greater than or equal to 1"),
        ("tools: read_file", 1, "'tools' has to be a list, such as [one, two], not 'read_file'"),
        ("tools:\n- a\n- 5", 3, "'tools.1' has to be text: put it into quotes, not 5"),
        ("description: no", 1, "'description' has to be text: put it into quotes, not False"),
        ("name: an analyst", 1, "'name' has to be of letters, digits"),
        ("\ntask_mode: chat", 2, "'task_mode' should be 'react' or 'llm_generate', not 'chat'"),
        ("policy:\n  a: allow\n  b: maybe", 3, "'policy.b' should be 'allow', 'ask' or 'deny'"),
        ("policy:\n  a:\n  - when: {x: y}", 3, "'policy.a.0.then' is missing"),
        ("policy:\n  *: ask", 2, "Put text that begins with '*' into quotes."),
        ("policy:\n  *x: ask", 2, "Put text that begins with '*' into quotes."),
        ("description: a: b", 1, "Put text that contains ': ' into quotes."),
        ("limits:\n\tmax_steps: 1", 2, "Indent with spaces, not with tabs."),
        ("name: a\nname: b", 2, "'name' is there twice"),
        ("limits:\n  seconds: 1\n  seconds: 2", 3, "'seconds' is there twice"),
        ("limits:\n  seconds: .inf", 2, "'limits.seconds' has to be a finite number, not .inf"),
        ("limits:\n  <<: {seconds: 1}", 2, "'<<' cannot be a name here"),
        ("tools: &all [a]\nskills: *all", 2, "'skills' repeats an anchor"),
        ("name: !!python/name:os.system x", 1, "has the tag"),
        ("- name", 1, "there have to be lines of 'field: text'"),
        ("", 1, "there have to be lines of 'field: text'"),
        ("a: b\nc: \x07", 2, "a character that YAML forbids"),
        ("prompt:\n  identiti: x", 2, "did you mean 'identity'?"),
    ],
)
def test_a_wrong_file_names_its_line(write: Write, text: str, line: int, words: str) -> None:
    found, what = refused(write(text))
    assert found == line
    assert words in what


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("Be brief.", 1, "an agent in Markdown begins with a line '---'"),
        ("---\ndescription: x\n", 1, "has no end"),
        ("---\ndescription: x\ntols: []\n---\nBe brief.", 3, "did you mean 'tools'?"),
        ("---\ndescription: x\nprompt: y\n---\nBe brief.", 3, "the prompt is written twice"),
        ("---\ndescription: x: y\n---\nBe brief.", 2, "no valid YAML"),
    ],
)
def test_a_wrong_markdown_file_names_its_line(
    write: Write, text: str, line: int, words: str
) -> None:
    found, what = refused(write(text, "analyst.md"))
    assert found == line
    assert words in what


def test_several_faults_are_named_each_with_its_line(write: Write) -> None:
    line, what = refused(write("tols: [a]\nmodel: 5\nskils: []\nlimits: 3\n"))
    assert line == 1
    assert "line 2: 'model' has to be text" in what
    assert "line 3: 'skils' is no field" in what
    assert "line 4: 'limits'" in what


def test_a_list_of_a_hundred_faults_has_an_end(write: Write) -> None:
    _, what = refused(write("\n".join(f"f{number}: 1" for number in range(100))))
    assert what.endswith("; and 95 more.")


def test_a_short_file_cannot_unfold(write: Write) -> None:
    laughs = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
    _, what = refused(write(f"a0: &a0 [ha]\n{laughs}\n"))
    assert "repeats an anchor" in what
    _, what = refused(write(f"tools: [{'a, ' * 20_000}]"))
    assert "more than 10,000 values" in what


@pytest.mark.parametrize("content", [b"name: \xff", b"name: a\0", b"#" * 1_000_001])
def test_what_is_no_text_is_refused(write: Write, content: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"analyst\.yaml"):
        read_agent(write(content))


def test_the_files_of_a_folder_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("b.yml", "a.YAML", "c.md", "README.md", "notes.txt", ".hidden.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "folder.md").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    assert [file.name for file in agent_files(tmp_path)] == ["a.YAML", "b.yml", "c.md"]


@pytest.mark.parametrize(
    ("text", "name"),
    [("name: other\ntols: []", "other"), ("tols: []", "analyst"), ("a: b: c", "analyst")],
)
def test_a_broken_file_belongs_to_the_name_that_can_be_read(
    write: Write, text: str, name: str
) -> None:
    assert name_in(write(text)) == name


@pytest.mark.parametrize("digits", ["0x" + "f" * 5_000, "1" + ":59" * 5_000, "0" + "7" * 9_000])
def test_a_number_that_takes_long_to_make_or_to_write_is_refused(write: Write, digits: str) -> None:
    line, what = refused(write(f"name: analyst\ndescription: {digits}\n"))
    assert line == 2
    assert "'description' is a number of" in what


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(max_size=200))
def test_no_file_whatsoever_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    file.write_bytes(f"limits: {text}\n".encode(errors="replace"))
    with contextlib.suppress(InvalidInput):
        assert read_agent(file).config.name == "fuzzed"
