"""The record of trusted folders, and the command that keeps it."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agentkit.errors import InvalidInput, NotFound
from jupyter_agentkit.cli import main
from jupyter_agentkit.trust import TrustRecord, trust_command


@pytest.fixture
def record(tmp_path: Path) -> TrustRecord:
    return TrustRecord(tmp_path / "data" / "trusted.json")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "a project"
    folder.mkdir()
    return folder


def test_trust_is_bound_to_the_folders_own_place(record: TrustRecord, project: Path) -> None:
    link = project.parent / "link"
    link.symlink_to(project)
    assert record.trust(link) == project
    assert record.trust(project) == project
    assert record.read() == [project]
    link.unlink()
    link.mkdir()
    assert link not in record.read()


def test_the_record_is_the_users_alone(record: TrustRecord, project: Path) -> None:
    record.trust(project)
    assert stat.S_IMODE(record.file.stat().st_mode) == 0o600
    assert [file.name for file in record.file.parent.iterdir()] == ["trusted.json"]


def test_a_folder_that_is_gone_can_be_untrusted(record: TrustRecord, project: Path) -> None:
    record.trust(project)
    project.rmdir()
    assert record.untrust(project) == project
    assert record.read() == []
    with pytest.raises(NotFound, match="is not trusted"):
        record.untrust(project)


def test_only_a_folder_can_be_trusted(record: TrustRecord, project: Path) -> None:
    (project / "file").touch()
    for what in (project / "file", project / "nowhere"):
        with pytest.raises(NotFound, match="There is no folder"):
            record.trust(what)
    assert not record.file.exists()


@pytest.mark.parametrize(
    "text", ["", "[]", '{"folders": "/"}', '{"folders": [1]}', "{}", "nonsense", "\udcff"]
)
def test_a_broken_record_trusts_nobody_and_is_not_overwritten(
    record: TrustRecord, project: Path, text: str
) -> None:
    record.file.parent.mkdir()
    record.file.write_bytes(text.encode("utf-8", "surrogateescape"))
    for act in (record.read, lambda: record.trust(project), lambda: record.untrust(project)):
        with pytest.raises(InvalidInput, match=r"trusted\.json"):
            act()
    assert record.file.read_bytes() == text.encode("utf-8", "surrogateescape")


def test_the_command_is_fit_for_a_shell(project: Path) -> None:
    assert trust_command(project) == f"jupyter agentkit trust '{project}'"


# The command -----------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_the_command_trusts_lists_and_untrusts(
    data: Path, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    assert main(["list"]) == 0
    assert capsys.readouterr().out == "No folder is trusted.\n"
    assert main(["trust"]) == 0
    assert f"{project} is trusted" in capsys.readouterr().out
    stored = json.loads((data / "agentkit" / "trusted.json").read_text())
    assert stored == {"folders": [str(project)]}
    assert main(["list"]) == 0
    assert capsys.readouterr().out == f"{project}\n"
    assert main(["untrust"]) == 0
    assert main(["untrust"]) == 1
    assert f"{project} is not trusted." in capsys.readouterr().err


def test_a_wrong_command_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["trsut"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
        assert "jupyter agentkit" in capsys.readouterr().err


def test_jupyter_knows_the_command(data: Path) -> None:
    jupyter = shutil.which("jupyter", path=str(Path(sys.executable).parent))
    assert jupyter is not None
    done = subprocess.run([jupyter, "agentkit", "list"], capture_output=True, text=True, check=True)
    assert done.stdout == "No folder is trusted.\n"
