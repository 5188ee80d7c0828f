"""One notebook with runs of every kind, made by code, and what a reader of it must be told."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import nbformat.v4

from agentkit.trace.bundle import to_bundle
from tests.agentkit.trace.samples import ATTACKS, call, event, hostile, sample, trace

# nbformat is partly untyped.
_v4: Any = nbformat.v4

STEPS = 1_000
"""Of the long run."""

_CODE = "import pandas as pd\n\nfor region in ['North', 'East']:\n    print(f'{region:>10}', 1 < 2 & 3)\n"
_WIDE_LINE = "total = " + " + ".join(f"sales['region {n}']" for n in range(60))
_TABLE = (
    "<div><style scoped>td {color: red}</style><table border='1' class='dataframe'><thead><tr>"
    + "".join(f"<th>{name}</th>" for name in ("region", *range(2015, 2027)))
    + "</tr></thead><tbody>"
    + "".join(
        f"<tr><th>{region}</th>"
        + "".join(f"<td>{start + 1234.5 * year:.2f}</td>" for year in range(12))
        + "</tr>"
        for region, start in (("North", 9874.0), ("East", 5120.5), ("Süd", 77.25))
    )
    + "</tbody></table>"
)


@dataclass(frozen=True)
class Exhibit:
    """A run, and words that every reader of it has to find.

    Attributes
    ----------
    trace
        As it was saved; not every one is a valid document.
    said
        Of question, steps with arguments and results, answer, state, times and tokens.
    long
        Words that only open with a row, where they do not fit on its lines.
    named
        Names of tools, where the row's title says in words what they did.
    """

    name: str
    trace: dict[str, Any]
    said: tuple[str, ...]
    long: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def picture(red: int, green: int, blue: int, width: int = 240, height: int = 90) -> str:
    """A PNG of one colour with a frame, in base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    edge = b"\0" + b"\x20\x20\x20" * width
    inner = b"\0" + b"\x20\x20\x20" + bytes((red, green, blue)) * (width - 2) + b"\x20\x20\x20"
    pixels = zlib.compress(edge + inner * (height - 2) + edge)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
    return base64.b64encode(png).decode()


def _started(**fields: Any) -> dict[str, Any]:
    known = {"agent": "analyst", "input": "?", "model": "gpt-5", "provider": "openai"}
    return event(1, "run_started", **{**known, "simulated": False, **fields})


def _results() -> Exhibit:
    pictures = [picture(70, 130, 180), picture(200, 110, 60)]
    drawn = {
        "text/plain": "2 charts\n<Figure size 240x90 with 1 Axes>\n<Figure size 240x90 with 1 Axes>",
        "text/html": "<pre>2 charts</pre>"
        + "".join(f'<p><img src="data:image/png;base64,{each}"></p>' for each in pictures),
        "image/png": pictures[-1],
    }
    code = {"tool_name": "run_python", "arguments": {"code": _CODE}}
    table = {"text/html": _TABLE, "text/plain": "  region  2015\n0  North  9874.00"}
    long = "\n".join(f"line {n} of what the tool printed" for n in range(400))
    answer = (
        f"North leads.\n\n```python\n{_WIDE_LINE}\n```\n\n| region | total |\n|---|---|\n"
        "| North | 9,874 |\n\n- first\n- **second**\n"
    )
    return Exhibit(
        "results",
        trace(
            _started(input="Show me everything."),
            event(2, "thinking", message_id="m1", text="First the table.\nThen the charts."),
            *call(3, table, tool_name="load_sales", arguments={"path": "data/sales.csv"}),
            *call(5, drawn, tool_name="plot_growth", arguments={"regions": ["North", "East"]}),
            *call(7, {"text/plain": "     North 1"}, **code),
            *call(9, {"text/plain": long}, tool_name="read_log", arguments={"lines": 400}),
            event(11, "usage", provider="openai", model="gpt-5", input_tokens=1200, output_tokens=90),
            event(12, "final_answer", text=answer),
            task_id="results",
            input="Show me everything.",
            result=answer,
            usage={"input_tokens": 1200, "output_tokens": 90, "cost": 0.0123},
        ),
        said=(
            "Show me everything.", "Done", "Loaded sales", "data/sales.csv",
            "2 charts", "Ran Python", "line 0 of what the tool printed", "North leads.",
            "region 59", "9,874", "second", "1,290 tokens", "$0.0123", "12 s", "0.4 s",
        ),
        long=("Then the charts.", "23453.50", "import pandas", "line 20 of what the tool printed"),
        named=("load_sales", "plot_growth", "run_python", "read_log"),
    )  # fmt: skip


def _scripts() -> Exhibit:
    question = "ما المنطقة الأسرع نموًا؟ איזה אזור? 👩🏽‍🔬🧮 größte Änderung 区域"
    return Exhibit(
        "scripts",
        trace(
            _started(input=question),
            *call(2, {"text/plain": "شمال 🌍 \u202eevil"}, arguments={"region": "الشمال"}),
            task_id="scripts",
            input=question,
            result="**الشمال** نما أكثر 🎉 und größer.",
        ),
        said=(
            "ما المنطقة الأسرع نموًا؟",
            "größte Änderung 区域",
            "👩🏽‍🔬🧮",
            "الشمال",
            "شمال 🌍",
            "🎉 und größer",
        ),
    )


def _long() -> Exhibit:
    events = [_started(input="Total all regions.")]
    for n in range(1, STEPS + 1):
        tokens = {"input_tokens": 100 + n, "output_tokens": 11}
        events.append(event(3 * n - 1, "usage", provider="openai", model="gpt-5", **tokens))
        asked = {"region": f"Region {n}", "year": 2024}
        events += call(3 * n, {"text/plain": f"total {7 * n}"}, arguments=asked)
    return Exhibit(
        "long",
        trace(*events, task_id="long", input="Total all regions.", result="That is all of them."),
        said=(
            "Total all regions.", "That is all of them.",
            *(f"Region {n}, year: 2024" for n in range(1, STEPS + 1)),
            *(f"total {7 * n}" for n in range(1, STEPS + 1)),
        ),
    )  # fmt: skip


def _broken() -> Exhibit:
    """Fields of other types, fields that are missing, events that nobody knows."""
    events: list[Any] = [
        None,
        7,
        {"event_type": 5},
        {"event_type": "tool_call", "arguments": ["no", "object"], "tool_name": {"a": 1}},
        {"event_type": "tool_result", "content": "no bundle", "duration_ms": "long"},
        {"event_type": "tool_result", "tool_call_id": "gone", "content": {"text/plain": 5}},
        {"event_type": "sculpture", "shape": "round"},
        {"event_type": "message", "text": "still here"},
        {"event_type": "usage", "input_tokens": "many"},
        {"event_type": "request_resolved", "request_id": [], "decision": {}},
    ]
    return Exhibit(
        "broken",
        {"agent": None, "input": "Is it whole?", "status": "completed", "started_at": 5, "events": events},
        said=("Is it whole?", "Event sculpture", "still here"),
    )  # fmt: skip


def _later() -> Exhibit:
    document = {**sample("simulated"), "version": 7, "task_id": "later", "moods": ["new"]}
    return Exhibit("later", document, said=("later version", "9874.0", "Simulated"))


@cache
def exhibits() -> tuple[Exhibit, ...]:
    """Every run of the notebook, in order."""
    large = {"text/plain": "z" * 600_000 + "the very end"}
    return (
        Exhibit(
            "completed",
            sample("completed"),
            said=("is any of them shrin", "East grew most", "growth_by_region", "Done"),
            named=("plot_growth",),
        ),
        Exhibit("failed", sample("failed"), said=("Summarise the sales of last year.", "Failed", "401")),
        Exhibit(
            "cancelled",
            sample("cancelled"),
            said=("duplicate rows", "Stopped"),
            named=("find_duplicates",),
        ),
        Exhibit(
            "interrupted",
            sample("interrupted"),
            said=("Train the model", "Interrupted"),
            named=("train_model",),
        ),
        Exhibit("simulated", sample("simulated"), said=("Simulated", "region_total", "9874.0")),
        Exhibit("approved", sample("approved"), said=("Fix the typo", "Approved"), named=("edit_cell",)),
        Exhibit("denied", sample("denied"), said=("Fix the typo", "Denied", "I left the cell as it is.")),
        Exhibit("edited", sample("edited"), said=("df = pd.read_cvs(", "df = pd.read_csv(")),
        Exhibit("question", sample("question"), said=("Plot the sales.", "Which year do you mean?")),
        Exhibit(
            "followed",
            sample("followed"),
            said=("East grew most", sample("followed")["follow_ups"][0]["input"]),
        ),
        Exhibit("recovered", sample("recovered"), said=("Nroth", "failed", "9,874.0")),
        _results(),
        _scripts(),
        _long(),
        Exhibit(
            "large",
            trace(*call(2, large), task_id="large", input="All of it?"),
            said=("All of it?", "zzzz"),
            long=("cut: ", "characters shown; the whole is in the notebook"),
        ),
        Exhibit("hostile", {**hostile("".join(ATTACKS[:6])), "task_id": "hostile"}, said=("alert(1)",)),
        _broken(),
        _later(),
    )  # fmt: skip


def notebook() -> Any:
    """The notebook: a heading and a cell for every run, its output as the product writes it."""
    cells: list[Any] = []
    for each in exhibits():
        output = _v4.new_output("display_data", **to_bundle(each.trace, live=False))
        code = _v4.new_code_cell(
            f"agent.run(...)  # {each.name}", outputs=[output], execution_count=1
        )
        heading = _v4.new_markdown_cell(f"## {each.name}")
        for cell, kind in ((heading, "text"), (code, "run")):
            cell.id = f"{kind}-{each.name}"
            cell.metadata["slideshow"] = {"slide_type": "slide" if kind == "text" else "-"}
            cells.append(cell)
    book = _v4.new_notebook(cells=cells)
    book.metadata.kernelspec = {"name": "gone", "display_name": "Gone", "language": "python"}
    return book


def missing(text: str, *, opened: bool = True, named: bool = True) -> dict[str, list[str]]:
    """What of the notebook ``text`` does not tell: name → words. Empty when it tells all.

    Parameters
    ----------
    opened
        Whether the reader can open a row.
    named
        Whether the names of tools are told that a row's title says in words.
    """
    text = _joined(text)
    lost: dict[str, list[str]] = {}
    for each in exhibits():
        wanted = each.said + (each.long if opened else ()) + (each.named if named else ())
        gone = [words for words in wanted if _joined(words) not in text]
        if gone:
            lost[each.name] = gone[:20]
    return lost


def _joined(text: str) -> str:
    """Without spaces and lines: where those are, what wraps decides."""
    return "".join(text.split())
