"""A notebook's cells as agents see and change them, whoever holds the notebook.

A cell is addressed by its id, and its text by a hash, so that nobody overwrites what he has not seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from agentkit.core.protocol import Origin
from agentkit.errors import Conflict, NotFound

CellType = Literal["code", "markdown", "raw"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cell(_Shape):
    """One cell."""

    id: str
    """In a file whose cells have none (nbformat before 4.5) the position: ``#1`` is the first."""
    cell_type: CellType
    source: str
    execution_count: int | None = None
    outputs: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    """As nbformat has them; pictures may be left out where only text is wanted."""

    @property
    def hash(self) -> str:
        """Of the source; see ``source_hash``."""
        return source_hash(self.source)


def source_hash(source: str) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of the text in UTF-8."""
    return hashlib.sha256(source.encode(errors="surrogatepass")).hexdigest()[:12]


class InsertCell(_Shape):
    """A new cell."""

    kind: Literal["insert"] = "insert"
    cell_id: str
    """Its id, chosen by whoever inserts it; a file without ids keeps none."""
    after: str | None
    """The id of the cell behind which it is put; none: it becomes the first."""
    cell_type: CellType
    source: str


class ReplaceSource(_Shape):
    """Another text for a cell, if it still has the text ``before``."""

    kind: Literal["replace"] = "replace"
    cell_id: str
    before: str
    source: str


class RemoveCell(_Shape):
    """A cell less, if it still has the text ``before``."""

    kind: Literal["remove"] = "remove"
    cell_id: str
    before: str


Change = Annotated[InsertCell | ReplaceSource | RemoveCell, Field(discriminator="kind")]


class CellChanged(Conflict):
    """A cell has not the text that whoever wants to change it has seen."""

    default_reason = "cell_changed"


class CellNotFound(NotFound):
    """The notebook has no cell of that id."""

    default_reason = "cell_not_found"


class NotebookGone(NotFound):
    """The notebook was deleted, or nothing tells any more which it is."""

    default_reason = "notebook_gone"


class Notebook(Protocol):
    """One notebook as it stands at this moment: in a page with its unsaved changes, or else on the disk."""

    @property
    def path(self) -> str:
        """From the server's root, with ``/``."""
        ...

    async def read(self) -> list[Cell]:
        """All cells, in order.

        Raises
        ------
        NotebookGone
            It is not there any more.
        """
        ...

    async def apply(self, change: Change) -> Cell | None:
        """Make one change, all of it or nothing.

        Returns
        -------
        The cell as it is read after the change; ``None`` when it was removed.

        Raises
        ------
        CellChanged
            The cell's text is not ``before``. Nothing was changed.
        CellNotFound
            There is no such cell. Nothing was changed.
        AgentKitError
            The notebook cannot be written; the message says whether anything was changed.
        """
        ...

    async def run(self, cell: Cell, say: Callable[[str], None]) -> Cell:
        """Run a code cell whose text is still that of ``cell``; its outputs come to stand in the notebook.

        Cancelling the call interrupts the code.

        Parameters
        ----------
        say
            Told what is waited for.

        Returns
        -------
        The cell with all its new outputs.
        """
        ...


class Notebooks(Protocol):
    """The notebooks of a server."""

    async def of(self, origin: Origin | None) -> Notebook:
        """The notebook from which a run was started, under the name it has now.

        Raises
        ------
        NotebookGone
            The run was not started in a notebook, or its kernel, which tells the notebook, was shut down.
        """
        ...
