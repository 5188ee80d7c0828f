"""Which folders the user trusts: a record of their own, outside of every project.

A project's skills tell a model what to do, and its agents may allow themselves what they like: neither is
read before the user has said that they trust the folder. Trust belongs to a folder's place on the disk,
links resolved. It holds for whatever the folder holds later, too.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from jupyter_core.paths import jupyter_data_dir

from agentkit.errors import BrokenFile, InvalidInput, NotFound
from agentkit.whole_file import write_whole


class TrustRecord:
    """The user's record of trusted folders.

    Parameters
    ----------
    file
        ``trusted.json`` in the user's data folder of Jupyter when left out.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or Path(jupyter_data_dir()) / "agentkit" / "trusted.json"

    def read(self) -> list[Path]:
        """The trusted folders, in the order in which they were added.

        Raises
        ------
        InvalidInput
            The record cannot be read. Nobody is trusted then.
        """
        try:
            record: Any = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except json.JSONDecodeError as error:
            what = f"the record of trusted folders is no JSON ({error.msg})."
            raise BrokenFile(self.file, error.lineno, what) from error
        except (OSError, ValueError) as error:
            what = f"the record of trusted folders cannot be read: {error}."
            raise BrokenFile(self.file, None, what) from error
        folders: Any = (
            cast("dict[str, Any]", record).get("folders") if isinstance(record, dict) else 0
        )
        if not isinstance(folders, list) or not all(
            isinstance(each, str) for each in cast("list[Any]", folders)
        ):
            what = 'the record of trusted folders has to be {"folders": ["/a/folder", …]}.'
            raise BrokenFile(self.file, None, what)
        return [Path(each) for each in cast("list[str]", folders)]

    def trust(self, folder: str | Path) -> Path:
        """Add a folder to the record, and return its place on the disk.

        Raises
        ------
        NotFound
            There is no such folder.
        InvalidInput
            The record cannot be read.
        """
        place = resolved(folder)
        if not place.is_dir():
            raise NotFound(f"There is no folder {place}.", reason="folder_not_found")
        folders = self.read()
        if place not in folders:
            self._write([*folders, place])
        return place

    def untrust(self, folder: str | Path) -> Path:
        """Take a folder out of the record; it need not exist any more.

        Raises
        ------
        NotFound
            It is not in the record.
        InvalidInput
            The record cannot be read.
        """
        place, folders = resolved(folder), self.read()
        if place not in folders:
            raise NotFound(f"{place} is not trusted.", reason="folder_not_trusted")
        self._write([each for each in folders if each != place])
        return place

    def _write(self, folders: Iterable[Path]) -> None:
        """Replace the record in one step, for the user's eyes only."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        record = {"folders": [str(folder) for folder in folders]}
        write_whole(self.file, json.dumps(record, indent=2).encode(), mode=0o600)


def resolved(folder: str | Path) -> Path:
    """A folder's place on the disk, ``~`` and links resolved.

    Raises
    ------
    InvalidInput
        Its links lead in a circle, or there is no such home folder.
    """
    try:
        return Path(folder).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidInput(f"{str(folder)!r} is no folder: {error}.") from error


def trust_command(folder: Path) -> str:
    """The command with which the user trusts a folder."""
    return f"jupyter agentkit trust {shlex.quote(str(folder))}"
