"""The frames of the socket ``/ws/page``: what a page with open notebooks and its server say to one another.

The page tells which notebooks it has open; the server asks it to read, change and run their cells.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from agentkit.tools.builtin.cells import Cell, Change


class _PageFrame(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OpenNotebook(_PageFrame):
    """A notebook that is open in a page."""

    path: str = Field(max_length=4_096)
    """From the server's root, with ``/``, without the name of a drive."""
    dirty: bool
    """It has changes that are not saved."""
    collaborative: bool
    """All pages that have it open share one document."""
    active: bool
    """It is the one before the user's eyes, in a window that has the focus."""


class Notebooks(_PageFrame):
    """All notebooks that the page has open; takes the place of what it said before."""

    type: Literal["notebooks"]
    notebooks: list[OpenNotebook] = Field(max_length=1_000)


class Done(_PageFrame):
    """A request was carried out."""

    type: Literal["done"]
    id: int
    cells: list[Cell]
    """The cells that were read; the one that was changed or run, as it stands now; none of a removed one."""


class Failed(_PageFrame):
    """A request could not be carried out; nothing was changed by it."""

    type: Literal["failed"]
    id: int
    reason: Literal[
        "cell_changed", "cell_not_found", "notebook_gone", "read_only", "not_run", "page_error"
    ]
    message: str = Field(max_length=4_096)


class Ping(_PageFrame):
    type: Literal["ping"]


PageFrame = Annotated[Notebooks | Done | Failed | Ping, Field(discriminator="type")]

PAGE_FRAME: TypeAdapter[PageFrame] = TypeAdapter(PageFrame)
"""Validates any one frame of a page."""


class Read(_PageFrame):
    """Send all cells of a notebook."""

    type: Literal["read"] = "read"
    id: int = 0
    path: str


class Apply(_PageFrame):
    """Make one change to a notebook, in one step of its undo history. It is not saved."""

    type: Literal["apply"] = "apply"
    id: int = 0
    path: str
    change: Change


class Run(_PageFrame):
    """Run a code cell whose source is still ``source``; answered when it has run."""

    type: Literal["run"] = "run"
    id: int = 0
    path: str
    cell_id: str
    source: str


class Stop(_PageFrame):
    """Nobody waits for a request any more; a cell that runs for it is interrupted."""

    type: Literal["stop"] = "stop"
    id: int


class Pong(_PageFrame):
    type: Literal["pong"] = "pong"


PageRequest = Read | Apply | Run

PageServerFrame = Annotated[Read | Apply | Run | Stop | Pong, Field(discriminator="type")]
