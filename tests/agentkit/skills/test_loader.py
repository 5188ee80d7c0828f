import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.errors import InvalidInput, NotFound
from agentkit.marked_text import MAX_FILE_BYTES
from agentkit.skills.loader import MAX_FILES, Skill, load_skill

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(header: str, body: str = "Do it.", *, name: str = "pdf-forms") -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "SKILL.md").write_text(f"---\n{header}\n---\n{body}", encoding="utf-8")
        return folder

    return write


def refused(folder: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        load_skill(folder)
    assert caught.value.reason == "invalid_skill"
    assert str(folder / "SKILL.md") in caught.value.message
    return caught.value.message.removeprefix(str(folder / "SKILL.md"))


# The header -----------------------------------------------------------------------------------


def test_the_least_header_is_a_name_and_a_description(write: Write) -> None:
    folder = write("name: pdf-forms\ndescription: Fill in forms.")
    assert load_skill(folder) == Skill("pdf-forms", "Fill in forms.", folder)


def test_every_field_of_the_format_is_read_as_text(write: Write) -> None:
    skill = load_skill(
        write(
            "name: pdf-forms\n"
            "description: >\n  Fill in forms.\n  Ünicode too.\n"
            "license: Apache-2.0\n"
            "compatibility: Python 3.14+\n"
            "metadata:\n  author: example\n  version: 1.10\n  released: 2024-01-02\n"
            "allowed-tools: Bash(git add:*) Read\n"
            "argument-hint: of another client\n",
            "\n# Forms\n\nFirst `---` and then\n---\ngo on.\n",
        )
    )
    assert skill.description == "Fill in forms. Ünicode too."
    assert (skill.license, skill.compatibility) == ("Apache-2.0", "Python 3.14+")
    assert skill.metadata == {"author": "example", "version": "1.10", "released": "2024-01-02"}
    assert skill.allowed_tools == ("Bash(git add:*)", "Read")
    assert skill.instructions() == "# Forms\n\nFirst `---` and then\n---\ngo on."


def test_allowed_tools_may_be_a_list(write: Write) -> None:
    skill = load_skill(write("name: pdf-forms\ndescription: x\nallowed-tools: [Read, 'Bash(a b)']"))
    assert skill.allowed_tools == ("Read", "Bash(a b)")


def test_windows_line_ends_and_a_byte_order_mark_are_taken(write: Write) -> None:
    folder = write("")
    text = "\ufeff---\r\nname: pdf-forms\r\ndescription: x\r\n---\r\nDo\r\nit.\r\n"
    (folder / "SKILL.md").write_bytes(text.encode())
    assert load_skill(folder).instructions() == "Do\nit."


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("description: x", ", line 1: the field 'name' is missing."),
        ("name: pdf-forms", ", line 1: the field 'description' is missing."),
        ("name: pdf-forms\ndescription: '  '", ", line 3: the field 'description' is empty."),
        ("name: pdf-forms\ndescription:", ", line 3: the field 'description' is empty."),
        ("name: [a]\ndescription: x", ", line 2: the field 'name' has to be text."),
        ("name: other\ndescription: x", ", line 2: the field 'name' is 'other', but the folder is"),
        ("name: pdf-forms\ndescription: " + "x" * 1025, "has 1,025 characters; 1,024 are allowed."),
        ("name: " + "x" * 65 + "\ndescription: x", "has 65 characters; 64 are allowed."),
        (
            "name: pdf-forms\ndescription: x\n\ncompatibility: " + "x" * 501,
            ", line 5: the field 'compatibility' has 501 characters; 500 are allowed.",
        ),
        (
            "name: pdf-forms\ndescription: x\nlicense: {a: b}",
            ", line 4: the field 'license' has to",
        ),
        (
            "name: pdf-forms\ndescription: x\nmetadata: text",
            "line 4: the field 'metadata' has to map",
        ),
        (
            "name: pdf-forms\ndescription: x\nmetadata:\n  a: b\n  c: [d]",
            "has an entry on line 6 that is no text.",
        ),
        (
            "name: pdf-forms\ndescription: x\nallowed-tools: {a: b}",
            "'allowed-tools' has to be a list",
        ),
        ("name: pdf-forms\ndescription: x\nallowed-tools: [[a]]", "has an entry that is no text."),
        ("name: pdf-forms\nname: pdf-forms\ndescription: x", ", line 3: 'name' is there twice."),
        ("name: pdf-forms\ndescription: Use it when: needed", ", line 3: no valid YAML (mapping"),
        ("name: pdf-forms\n\tdescription: x", ", line 3: no valid YAML"),
        ("- name\n- description", ", line 2: there have to be lines of 'field: text'."),
        ("", ", line 2: there have to be lines of 'field: text'."),
        ("? [a]\n: b", ", line 2: a field's name has to be text."),
        ("b: c\na: \x07", ", line 3: no valid YAML (a character that YAML forbids)."),
        ("x: " + "[" * 9_000, ": no valid YAML (RecursionError)."),
        ("x: " + "y" * 20_000, ": the header has 20,003 characters; 16,384 are allowed."),
    ],
)
def test_what_is_wrong_in_a_header_is_said_with_its_file_and_line(
    write: Write, header: str, complaint: str
) -> None:
    assert complaint in refused(write(header))


@pytest.mark.parametrize(
    "name", ["PDF-forms", "-pdf", "pdf-", "pdf--forms", "pdf_forms", "pdf forms", "Größe", "pdf\n"]
)
def test_a_name_that_the_format_does_not_allow_is_refused(write: Write, name: str) -> None:
    folder = write(f"name: {name!r}\ndescription: x", name=name.strip())
    if name.strip() == "pdf":
        return
    assert "line 2: the field 'name' is" in refused(folder)


def test_a_yaml_tag_builds_nothing_and_anchors_unfold_to_nothing(write: Write) -> None:
    marker = Path("built-by-yaml")
    tag = f"!!python/object/apply:os.mkdir ['{marker}']"
    assert "'name' has to be text" in refused(write(f"name: {tag}\ndescription: x"))
    assert not marker.exists()
    laughs = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
    header = f"name: pdf-forms\ndescription: x\na0: &a0 [ha]\n{laughs}\nmetadata: *a11"
    assert "'metadata' has to map" in refused(write(header))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", ", line 1: a skill begins with a line '---'"),
        (b"# Title\n---\nname: x\n---\n", ", line 1: a skill begins with a line '---'"),
        (
            b"---\nname: pdf-forms\ndescription: x\n",
            ", line 1: the header that begins here has no end",
        ),
        (b"---\nname: \xff\n---\n", " is no UTF-8 text (byte 10)"),
        (b"---\nname: a\n---\n\0", " is a binary file"),
        (b"---\n" + b"x" * MAX_FILE_BYTES, " is larger than 1,000,000 bytes"),
    ],
)
def test_files_that_are_no_skill_are_refused(write: Write, content: bytes, complaint: str) -> None:
    folder = write("")
    (folder / "SKILL.md").write_bytes(content)
    assert complaint in refused(folder)


def test_a_folder_without_a_skill_file_is_not_found(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NotFound, match=r"SKILL\.md"):
            load_skill(folder)


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda data: data.decode("latin-1")))
def test_no_header_whatsoever_breaks_the_loader(
    tmp_path_factory: pytest.TempPathFactory, header: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "fuzzed"
    folder.mkdir(exist_ok=True)
    data = f"---\nname: fuzzed\n{header}\n---\n".encode(errors="replace")
    (folder / "SKILL.md").write_bytes(data)
    with contextlib.suppress(InvalidInput):
        assert load_skill(folder).name == "fuzzed"


# The files ------------------------------------------------------------------------------------


@pytest.fixture
def skill(write: Write) -> Skill:
    folder = write("name: pdf-forms\ndescription: x")
    (folder / "references").mkdir()
    (folder / "references" / "fields.md").write_text("# Fields\n")
    (folder / "assets").mkdir()
    (folder / "assets" / "logo.bin").write_bytes(b"\x00\x01")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("secret")
    (folder.parent / "outside.txt").write_text("secret")
    return load_skill(folder)


def test_the_other_files_are_listed_without_hidden_ones(skill: Skill) -> None:
    assert skill.files() == ["assets/logo.bin", "references/fields.md"]


def test_a_list_of_files_has_an_end(skill: Skill) -> None:
    for number in range(MAX_FILES + 5):
        (skill.folder / f"{number}.txt").touch()
    assert len(skill.files()) == MAX_FILES


def test_a_file_is_read_as_it_is_now(skill: Skill) -> None:
    assert skill.read("references/fields.md") == "# Fields\n"
    (skill.folder / "references" / "fields.md").write_text("changed")
    assert skill.read("./references//fields.md") == "changed"


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt",
        "references/../../outside.txt",
        "references/../references/fields.md",
        "/etc/hostname",
        "..",
        "",
        "a\0b",
        "..\\outside.txt",
        "C:\\Windows\\win.ini",
        "link-out",
        "folder-out/outside.txt",
        "loop",
    ],
)
def test_a_path_that_leads_out_of_the_folder_is_refused(skill: Skill, path: str) -> None:
    (skill.folder / "link-out").symlink_to(skill.folder.parent / "outside.txt")
    (skill.folder / "folder-out").symlink_to(skill.folder.parent)
    (skill.folder / "loop").symlink_to(skill.folder / "loop")
    with pytest.raises(InvalidInput) as caught:
        skill.read(path)
    assert caught.value.reason == "path_outside_skill"


def test_a_link_that_stays_inside_is_followed(skill: Skill) -> None:
    (skill.folder / "link").symlink_to(skill.folder / "references" / "fields.md")
    assert skill.read("link") == "# Fields\n"


def test_a_skill_reached_through_a_link_is_read(skill: Skill, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "pdf-forms").symlink_to(skill.folder)
    assert load_skill(tmp_path / "links" / "pdf-forms").read("references/fields.md") == "# Fields\n"


@pytest.mark.parametrize(
    "path", ["missing.md", "references", "x" * 5_000, "fields.md/below", "pipe"]
)
def test_what_is_no_file_is_not_found(skill: Skill, path: str) -> None:
    os.mkfifo(skill.folder / "pipe")
    with pytest.raises(NotFound) as caught:
        skill.read(path)
    assert caught.value.reason == "skill_file_not_found"


def test_files_that_are_no_text_or_too_large_are_refused_with_the_limit(skill: Skill) -> None:
    (skill.folder / "latin.txt").write_bytes(b"gr\xfc\xdfe")
    (skill.folder / "large.txt").write_text("x" * (MAX_FILE_BYTES + 1))
    with pytest.raises(InvalidInput, match=r"logo\.bin is a binary file"):
        skill.read("assets/logo.bin")
    with pytest.raises(InvalidInput, match=r"latin\.txt is no UTF-8 text \(byte 2\)"):
        skill.read("latin.txt")
    with pytest.raises(InvalidInput, match=r"large\.txt is larger than 1,000,000 bytes"):
        skill.read("large.txt")


def test_a_skill_that_has_gone_says_so(skill: Skill) -> None:
    (skill.folder / "SKILL.md").unlink()
    with pytest.raises(NotFound):
        skill.instructions()
