"""How much of a run is written into a notebook, all in one place; ``docs/trace.md`` tells it to readers.

A value is kept whole once, in the trace's JSON, which the view in JupyterLab shows. HTML, Markdown and
text are for readers without it: they show each value up to a share that falls as there are more of them,
so that each form stays bounded however long the run was.
"""

from __future__ import annotations

from dataclasses import dataclass

SPACIOUS_ROWS = 150
"""With more rows than this, each is written in HTML as short as it can be."""
FOLDING_ROWS = 2_000
"""With more than this nothing of them opens any more: each is a line of text."""

CHANGES = 20
"""Of arguments that somebody changed before approving a call, how many are shown."""


@dataclass(frozen=True, slots=True)
class Share:
    """Characters for one of several things that share a total."""

    total: int
    least: int
    most: int

    def of(self, number: int) -> int:
        """What each of ``number`` things may take."""
        return max(self.least, min(self.most, self.total // max(1, number)))


@dataclass(frozen=True, slots=True)
class Listed:
    """How many rows of an output are listed: all of them, or of more the first and the last."""

    all: int
    first: int
    last: int


HTML_ROWS = Listed(12_000, 9_000, 3_000)
"""In HTML, which any reader can show."""
ROWS = Listed(2_000, 1_500, 500)
"""In Markdown and plain text."""
ROWS_BESIDE = Listed(2_000, 75, 25)
"""The same in a notebook, where the HTML stands beside them."""

HTML_LINES = Share(640_000, 60, 200)
"""A row that is a line of text."""
HTML_VALUES = Share(200_000, 200, 4_000)
"""Arguments, results, errors and thoughts, each, by the number of rows."""
MARKDOWN_VALUES = Share(100_000, 120, 2_000)
"""The same in Markdown."""
TEXT_VALUES = Share(60_000, 120, 1_200)
"""The same in plain text."""
QUESTIONS = Share(40_000, 1_000, 8_000)
"""A run's question, and why it ended, by the number of runs."""
ANSWERS = Share(60_000, 2_000, 20_000)
"""A run's answer, by the number of runs."""
PICTURES = Share(1_500_000, 0, 500_000)
"""A picture in base64, by the number of pictures."""
MARKDOWN_PICTURES = Share(160_000, 0, 40_000)
"""The same in Markdown."""

PLAIN_EVENTS = 10_000
"""So many events are written as they are; more are packed where that halves them."""
UNPACKED_BYTES = 200_000_000
"""What the packed events of a run and its follow-ups may become; more is refused, for a small file could
ask for any amount of memory."""
UNPACKED_COMMAS = 4_000_000
"""How many of these may stand in them: empty lists take thirty times as much memory as their JSON."""
UNPACKED_LISTS = 1_000_000
"""How many lists and objects may begin in them: to make a million keeps a server busy for a tenth of a
second, in which it does nothing else."""
READ_DEPTH = 100
"""Lists and objects within one another in a file, or in packed events: as much as a server takes."""
TRACE_CHARS = 16_000_000
"""A trace as it is written into a notebook. Of a larger one, values are cut."""
TRACE_VALUES = (4_000_000, 1_000_000, 250_000, 60_000, 15_000, 4_000, 1_000)
"""Up to how many characters a single value is kept there; the first under which all of it fits."""
