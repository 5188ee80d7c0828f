"""Reading files: within the root folder, nothing hidden, nothing too large, nothing that is no text."""

from __future__ import annotations

import base64
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentkit.core.protocol import Origin
from agentkit.errors import AgentKitError
from agentkit.tools.builtin import file_tree
from agentkit.tools.builtin.file_tree import FileTree
from agentkit.tools.builtin.files import Files, ListFiles, ReadFile
from agentkit.tools.protocol import ToolContext, ToolResult

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@dataclass
class Around(Files):
    """The files of a notebook in the folder ``analysis``."""

    root: Path
    shows_hidden: bool = False

    async def around(self, origin: Origin | None) -> FileTree:
        return FileTree(self.root, self.root / "analysis", shows_hidden=self.shows_hidden)


@pytest.fixture
def files(tmp_path: Path) -> Around:
    root = tmp_path / "root"
    for name, content in {
        "top.txt": b"at the top\n",
        "analysis/data.csv": b"a,b\n1,2\n3,4\n",
        "analysis/deep/more.csv": b"x\n",
        "analysis/node_modules/dull.csv": b"x\n",
        "analysis/.hidden/notes.txt": b"secret",
        "analysis/.env": b"KEY=secret",
        "analysis/picture.png": PNG,
        "analysis/data.bin": b"\x01\0\x02",
        "analysis/old.txt": "Käse\n".encode("cp1252"),
        "analysis/wide.txt": "ab\n".encode("utf-16"),
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    (tmp_path / "outside.txt").write_text("outside")
    (root / "analysis/out").symlink_to(tmp_path / "outside.txt")
    (root / "analysis/circle").symlink_to(root)
    (root / "analysis/innocent").symlink_to(root / "analysis/.env")
    return Around(root)


async def read(files: Files, path: str, **others: Any) -> ToolResult:
    return await ReadFile(files).call({"path": path, **others}, ToolContext("1"))


async def listed(files: Files, **arguments: Any) -> list[str]:
    result = await ListFiles(files).call(arguments, ToolContext("1"))
    assert result.outcome == "success", result
    return [each["path"] for each in result.content["application/json"]["files"]]


@pytest.mark.parametrize(
    "path", ["data.csv", "./data.csv", "../analysis/data.csv", "deep/../data.csv"]
)
async def test_paths_start_where_the_notebook_is(files: Around, path: str) -> None:
    assert (await read(files, path)).content == {"text/plain": "a,b\n1,2\n3,4\n"}


async def test_an_absolute_path_within_the_root_is_fine(files: Around) -> None:
    result = await read(files, str(files.root / "top.txt"))
    assert result.content == {"text/plain": "at the top\n"}


async def test_a_list_shows_names_that_can_be_read_as_they_are(files: Around) -> None:
    paths = await listed(files)
    assert "data.csv" in paths
    assert "deep/" in paths
    assert "../top.txt" in await listed(files, path="..")
    for path in paths:
        if path.endswith((".csv", ".txt", ".png")):
            assert (await read(files, path)).outcome == "success"


async def test_patterns_and_folders_below(files: Around) -> None:
    assert await listed(files, pattern="*.csv") == ["data.csv"]
    everything = ["data.csv", "deep/more.csv"]
    assert await listed(files, pattern="*.csv", recursive=True) == everything
    assert await listed(files, pattern="**/*.csv") == everything


async def test_what_is_hidden_or_leads_outside_is_not_listed(files: Around) -> None:
    for shows_hidden in (False, True):
        files.shows_hidden = shows_hidden
        paths = await listed(files, recursive=True)
        assert not {"out", "innocent", ".env"} & set(paths)
        assert (".hidden/notes.txt" in paths) is shows_hidden


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../../outside.txt", "outside_root"),
        ("../../nothing", "outside_root"),
        ("/etc/passwd", "outside_root"),
        ("out", "outside_root"),
        (".env", "hidden_file"),
        ("innocent", "hidden_file"),
        (".hidden/notes.txt", "hidden_file"),
        ("circle/analysis/.env", "hidden_file"),
        ("nothing.txt", "file_not_found"),
        ("a\0b", "bad_path"),
        ("x" * 3_000, "bad_path"),
        ("data.bin", "binary_file"),
        ("deep", "invalid_input"),
    ],
)
async def test_what_cannot_be_read_is_refused_by_reason(
    files: Around, path: str, reason: str
) -> None:
    with pytest.raises(AgentKitError) as caught:
        await read(files, path)
    assert caught.value.reason == reason
    assert "secret" not in caught.value.message


async def test_keys_stay_unread_where_hidden_files_are_shown(files: Around) -> None:
    files.shows_hidden = True
    assert (await read(files, ".hidden/notes.txt")).outcome == "success"
    with pytest.raises(AgentKitError) as caught:
        await read(files, ".env")
    assert caught.value.reason == "hidden_file"


async def test_a_pipe_is_not_waited_for(files: Around) -> None:
    os.mkfifo(files.root / "analysis/pipe")
    with pytest.raises(AgentKitError, match="pipe and no file"):
        await read(files, "pipe")


async def test_a_long_file_is_read_in_parts(files: Around) -> None:
    (files.root / "analysis/long.txt").write_text("".join(f"line {n}\n" for n in range(1, 1001)))
    part = await read(files, "long.txt", first_line=10, lines=2)
    assert part.content == {"text/plain": "line 10\nline 11\n"}
    assert part.note == "Lines 10 to 11; there are more."
    assert (await read(files, "long.txt", first_line=1000)).note is None
    with pytest.raises(AgentKitError, match="has 1,000 lines, so none at 1,001"):
        await read(files, "long.txt", first_line=1001)


async def test_endless_lines_are_cut_and_it_is_said(files: Around) -> None:
    (files.root / "analysis/line.json").write_text("x" * 3_000_000 + "\nlast\n")
    result = await read(files, "line.json")
    assert len(result.content["text/plain"]) < 5_000
    assert result.content["text/plain"].endswith("x…\nlast\n")
    assert result.note == "1 lines longer than 4,000 characters are cut."


async def test_a_huge_file_gives_a_bounded_answer(files: Around) -> None:
    (files.root / "analysis/huge.txt").write_text(("y" * 999 + "\n") * 5_000)
    result = await read(files, "huge.txt", lines=5_000)
    assert len(result.content["text/plain"]) < 210_000
    assert result.note is not None
    assert "there are more" in result.note


async def test_other_encodings_are_read_and_named(files: Around) -> None:
    old = await read(files, "old.txt")
    assert (old.content, old.note) == (
        {"text/plain": "Käse\n"},
        "It is not in UTF-8 and was read as Windows-1252.",
    )
    assert (await read(files, "wide.txt")).content == {"text/plain": "ab\n"}


async def test_a_picture_is_a_picture(files: Around) -> None:
    content = (await read(files, "picture.png")).content
    assert content == {"text/plain": "picture.png", "image/png": base64.b64encode(PNG).decode()}
    (files.root / "analysis/picture.png").write_bytes(PNG + b"\0" * 5_000_000)
    with pytest.raises(AgentKitError, match="5,000,028 bytes"):
        await read(files, "picture.png")


async def test_a_list_ends_and_says_so(files: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_tree, "MAX_ENTRIES", 2)
    result = await ListFiles(files).call({}, ToolContext("1"))
    assert result.content["text/plain"].count("\n") == 2
    assert "there is more" in result.content["text/plain"]
    assert result.content["application/json"]["complete"] is False


@pytest.mark.parametrize(
    "arguments", [{}, {"path": ""}, {"path": "x", "first_line": 0}, {"path": 1}]
)
async def test_arguments_that_do_not_fit_are_named(
    files: Around, arguments: dict[str, Any]
) -> None:
    result = await ReadFile(files).call(arguments, ToolContext("1"))
    assert result.error is not None
    assert result.error.reason == "invalid_arguments"
    assert "'read_file' do not fit" in result.error.message


async def test_a_pattern_of_a_path_is_refused_with_what_to_do(files: Around) -> None:
    result = await ListFiles(files).call({"pattern": "deep/*.csv"}, ToolContext("1"))
    assert result.error is not None
    assert "give the folder as path" in result.error.message


def test_folders_within_one_another_without_end_are_gone_through(
    tmp_path: Path,
) -> None:
    depths = range(1, sys.getrecursionlimit() + 200)
    for depth in depths:
        Path(str(tmp_path) + "/d" * depth).mkdir()
    try:
        found, _ = FileTree(tmp_path, tmp_path).entries(".", "no such name", deep=True)
        assert found == []
    finally:
        for depth in reversed(depths):  # too deep for who clears up
            Path(str(tmp_path) + "/d" * depth).rmdir()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
async def test_names_that_cannot_be_written_down_do_not_spoil_the_list(files: Around) -> None:
    folder = files.root / "analysis" / "odd"
    folder.mkdir()
    for name in ("\udcff.csv", "a\nb.csv"):
        (folder / name).touch()
    result = await ListFiles(files).call({"path": "odd"}, ToolContext("1"))
    lines = result.content["text/plain"].splitlines()
    assert [line.partition("  ")[0] for line in lines] == ["odd/a\ufffdb.csv", "odd/\ufffd.csv"]
    assert "\\ud" not in json.dumps(result.content)
