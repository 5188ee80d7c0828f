"""The command `agentkit`: what it prints, writes and returns."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import pytest

from agentkit.cli import main, reading
from agentkit.trace import load
from agentkit.trace.document import TRACE_MIME
from agentkit.trace.export import FORMS
from agentkit.trace.schema import trace_schema
from tests.agentkit.trace.samples import ATTACKS, NAMES, SAMPLES, hostile, sample, trace
from tests.agentkit.trace.test_files import notebook, saved

_nbformat: Any = nbformat
"""Partly untyped."""

VALIDATOR: Any = jsonschema.Draft202012Validator(trace_schema())


class Elements(HTMLParser):
    """The elements of a page, and every address in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.sources: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "data", "action")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    from agentkit.trace.bundle import to_bundle

    return saved(tmp_path, notebook(*(to_bundle(sample(name)) for name in NAMES)))


def test_show_prints_every_run_below_its_place(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", "show", str(book)]) == 0
    printed = capsys.readouterr().out
    for number, name in enumerate(NAMES, 1):
        assert f"── Run {number} · cell {number + 1} (cell-{number - 1})\n" in printed, name
    assert "openai refused the key it was given (401)." in printed
    assert "Not finished when this was saved" in printed


def test_chosen_runs_keep_their_numbers(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "show", str(book), "--run", "3", "--run", "2"]) == 0
    printed = capsys.readouterr().out
    headings = [line[:8] for line in printed.splitlines() if line.startswith("──")]
    assert headings == ["── Run 3", "── Run 2"]


@pytest.mark.parametrize(
    ("file", "arguments", "said"),
    [
        ("x.ipynb", ["--run", "99"], "has no run 99; it has runs 1 to "),
        ("x.ipynb", ["--run", "0"], "has no run 0"),
        ("nowhere.ipynb", [], "There is no file"),
        ("empty.ipynb", [], "shows no runs of agents"),
        ("broken.ipynb", [], "line 1: this is no JSON"),
    ],
)
def test_what_is_wrong_stands_on_stderr_without_a_traceback(
    book: Path, file: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(book.parent, notebook(), "empty.ipynb")
    saved(book.parent, "{,}", "broken.ipynb")
    assert main(["trace", "show", str(book.parent / file), *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("agentkit: ")
    assert said in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_what_is_exported_as_json_fits_the_schema_and_is_read_again(
    book: Path, form: str, tmp_path: Path
) -> None:
    out = tmp_path / f"out.{form}"
    assert main(["trace", "export", str(book), "--to", form, "-o", str(out)]) == 0
    text = out.read_text("utf-8")
    written = json.loads(text) if form == "json" else [*map(json.loads, text.splitlines())]
    assert len(written) == len(NAMES)
    for document in written:
        VALIDATOR.validate(document)
    assert [run.to_json() for run in load(out)] == [run.to_json() for run in load(book)]


def test_one_run_as_json_is_the_trace_itself(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    file = str(SAMPLES / "completed.json")
    assert main(["trace", "export", file, "--to", "json"]) == 0
    assert json.loads(capsysbinary.readouterr().out) == sample("completed")


def test_markdown_holds_every_run_below_a_heading(book: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.md"
    assert main(["trace", "export", str(book), "--to", "markdown", "-o", str(out)]) == 0
    text = out.read_text("utf-8")
    assert text.startswith("# `x.ipynb`\n")
    assert text.count("\n## Run ") == len(NAMES)


def test_a_page_holds_every_run_runs_no_script_and_asks_nobody(book: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    assert main(["trace", "export", str(book), "--to", "html", "-o", str(out)]) == 0
    page = out.read_text("utf-8")
    elements = Elements(page)
    assert page.count("<h2>Run ") == len(NAMES)
    assert "color-scheme: light dark" in page
    assert not elements.names & {"script", "iframe", "link", "object", "base", "form"}
    assert elements.handlers == []
    assert elements.sources
    assert all(source.startswith("data:image/") for source in elements.sources)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_hostile_gets_into_a_page(attack: str, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    file = saved(tmp_path, [hostile(attack), trace()], "<script>x.json")
    assert main(["trace", "export", str(file), "--to", "html", "-o", str(out)]) == 0
    elements = Elements(out.read_text("utf-8"))
    assert not elements.names & {"script", "iframe", "link", "object", "base", "form", "svg"}
    assert elements.handlers == []
    assert all(source.startswith("data:image/") for source in elements.sources)


def test_a_trace_of_a_later_version_is_exported_with_a_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = saved(tmp_path, trace(version=7), "later.json")
    assert main(["trace", "export", str(file), "--to", "jsonl"]) == 0
    assert "Run 1 was written by a later version (7)" in capsys.readouterr().err


def test_the_file_that_is_exported_is_not_written_over(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = book.read_bytes()
    assert main(["trace", "export", str(book), "--to", "html", "-o", str(book)]) == 2
    assert "name another one" in capsys.readouterr().err
    assert book.read_bytes() == before
    assert main(["trace", "export", str(book), "--to", "html", "-o", str(book / "x")]) == 2


@pytest.mark.parametrize(("other", "status"), [("completed", 0), ("failed", 1), ("nowhere", 2)])
def test_diff_ends_like_diff(other: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(SAMPLES / f"{name}.json") for name in ("completed", other)]
    assert main(["trace", "diff", *files]) == status
    assert bool(capsys.readouterr().err) is (status == 2)
    assert main(["trace", "diff", *files, "--json"]) == status
    printed = capsys.readouterr()
    assert (json.loads(printed.out)["same"] if printed.out else None) is [True, False, None][status]


def test_two_runs_of_one_notebook_are_compared_by_number(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = [str(NAMES.index(name) + 1) for name in ("approved", "denied")]
    assert main(["trace", "diff", str(book), str(book), "--runs", *numbers]) == 1
    printed = capsys.readouterr().out
    assert "decision: approve → deny" in printed
    assert main(["trace", "diff", str(book), str(book)]) == 0


def test_the_forms_that_are_offered_are_the_forms_there_are() -> None:
    assert set(reading._FORMS) == set(FORMS)  # pyright: ignore[reportPrivateUsage]


def test_help_is_there_before_anything_else_is_loaded() -> None:
    program = (
        "import sys\nfrom agentkit.cli import main\n"
        "try: main(['trace', 'diff', '--help'])\n"
        "except SystemExit as ended: assert ended.code == 0\n"
        "assert 'pydantic' not in sys.modules"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert b"Exit status: 0 the same, 1 different" in b" ".join(ended.stdout.split())


def test_a_terminal_that_knows_few_signs_still_shows_the_run() -> None:
    command = [sys.executable, "-m", "agentkit.cli", "trace", "show", str(SAMPLES / "failed.json")]
    env = {"PYTHONIOENCODING": "ascii", "PATH": ""}
    ended = subprocess.run(command, check=True, capture_output=True, env=env)
    assert b"openai refused the key" in ended.stdout
    assert ended.stderr == b""


def test_a_closed_output_is_said_where_it_can_be_said() -> None:
    show = f"{sys.executable} -m agentkit.cli trace show {SAMPLES / 'completed.json'}"
    ended = subprocess.run(["sh", "-c", f"{show} >&-"], check=False, capture_output=True)
    said = b"agentkit: The standard output is closed; name a file with --output.\n"
    assert (ended.returncode, ended.stderr) == (2, said)
    ended = subprocess.run(["sh", "-c", f"{show}x 2>&-"], check=False, capture_output=True)
    assert (ended.returncode, ended.stdout) == (2, b"")


def test_an_output_that_takes_no_more_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    export = ["trace", "export", str(SAMPLES / "completed.json"), "--to", "html"]
    assert main([*export, "-o", "/dev/full"]) == 2
    said = "agentkit: The output cannot be written: no space left on device.\n"
    assert capsys.readouterr().err == said


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "elsewhere")

    out = tmp_path / "run.html"
    out.write_text("before")
    export = ["trace", "export", str(SAMPLES / "completed.json"), "--to", "html", "-o", str(out)]
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        assert main(export) == 2
    assert capsys.readouterr().err == f"agentkit: {out}: no space left on device.\n"
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"run.html": "before"}
    out.chmod(0o640)
    link = tmp_path / "link.html"
    link.symlink_to(out)
    assert main([*export[:-1], str(link)]) == 0
    assert link.is_symlink()
    assert out.read_text().startswith("<!DOCTYPE html>")
    assert out.stat().st_mode & 0o777 == 0o640
    assert len(list(tmp_path.iterdir())) == 2


def test_an_interrupt_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reading, "show", interrupt)
    assert main(["trace", "show", "x"]) == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = [
        sys.executable,
        "-m",
        "agentkit.cli",
        "trace",
        "show",
        str(SAMPLES / "completed.json"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")


def test_steps_are_left_out_by_the_numbers_that_the_list_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = str(SAMPLES / "completed.json"), tmp_path / "out.json"
    assert main(["trace", "show", file, "--sharing"]) == 0
    listed = capsys.readouterr().out
    assert "   5 ✓ Read data/README.md · " in listed
    assert "Files: data/README.md" in listed
    given = ["--to", "json", "--leave-out", "1,3-5", "-o", str(out)]
    assert main(["trace", "export", file, *given]) == 0
    written = json.loads(out.read_text("utf-8"))
    VALIDATOR.validate(written)
    assert written["left_out"] == {"steps": 4, "answer": False, "follow_ups": 0}
    assert "README" not in json.dumps(written["events"])
    assert main(["trace", "export", file, "--to", "json", "--only", "5", "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "   5 ✓ Read data/README.md · " in printed
    assert printed.count(" · left out\n") == 6
    assert "Leaves: 1 step, " in printed
    assert "{" not in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--leave-out", "1"], "Steps are left out of one run; name it with --run (1 to "),
        (["--leave-out", "", "--run", "1"], "'' are no steps"),
        (["--only", "99", "--run", "1"], "The run has no step 99"),
    ],
)
def test_what_cannot_be_left_out_is_said(
    book: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", "export", str(book), "--to", "json", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_secrets_in_a_file_that_somebody_else_wrote_are_neither_shown_nor_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "correct-horse-battery")
    secrets = ("ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6", "correct-horse-battery")
    document = trace(input=f"use {secrets[0]}", result=f"used {secrets[1]}")
    output = {"data": {TRACE_MIME: document, "text/plain": secrets[0]}}
    file = str(saved(tmp_path, notebook(output)))
    assert main(["trace", "show", file]) == 0
    assert main(["trace", "show", file, "--sharing"]) == 0
    for form in FORMS:
        assert main(["trace", "export", file, "--to", form]) == 0
    assert main(["trace", "diff", file, str(SAMPLES / "completed.json")]) == 1
    printed = capsys.readouterr().out
    assert "secret: DB_PASSWORD" in printed
    for secret in secrets:
        assert secret not in printed


def test_an_exported_notebook_is_a_valid_one_that_shows_its_runs(
    book: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.ipynb"
    assert main(["trace", "export", str(book), "--to", "ipynb", "-o", str(out)]) == 0
    _nbformat.validate(_nbformat.read(out, as_version=4))
    assert [run.to_json() for run in load(out)] == [run.to_json() for run in load(book)]
