"""``run.share()``: what would leave with a run, steps that shall not, and the file."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import IPython.display
import ipywidgets
from IPython.core.getipython import get_ipython

from agentkit.core.redaction import Redactor
from agentkit.errors import AgentKitError, InvalidInput
from agentkit.trace.document import Trace
from agentkit.trace.export import ENDINGS, exported, file_name, form_of, to_bytes
from agentkit.trace.leaving_out import Part, all_but, numbered
from agentkit.trace.overview import left_out
from agentkit.trace.sharing import Holds, amount, manifest, masked, shared, summary, to_text
from agentkit.trace.words import counted, one_line
from jupyter_agentkit.showing import is_headless

# ipywidgets and IPython are partly untyped.
_widgets: Any = ipywidgets
_ipython: Any = IPython.display

Steps = str | int | Collection[int]
"""Numbers of steps: ``3``, ``[3, 5]`` or ``"3,5-7"``."""


class Sharing:
    """What would leave with a run: a form where somebody sits before it, else a list.

    Parameters
    ----------
    trace
        The run; its secrets are masked here once more.
    folder
        Where files are written.
    """

    def __init__(self, trace: Trace, folder: Path | None = None) -> None:
        self._redactor = Redactor()
        self._trace = masked(trace, self._redactor)
        self._folder = folder or Path.cwd()
        self.manifest = manifest(self._trace)

    def write(
        self,
        file: str | os.PathLike[str],
        *,
        leave_out: Steps = (),
        only: Steps | None = None,
        form: str | None = None,
    ) -> Path:
        """Write the file, say what left, and give the file's path; see ``HeldRun.share``."""
        path = self._folder / file
        chosen = form or form_of(path.name)
        if chosen not in ENDINGS:
            raise InvalidInput(f"form has to be one of {', '.join(ENDINGS)}, not {chosen!r}.")
        if only is not None and leave_out != ():
            raise InvalidInput("Give either leave_out or only.")
        out = _numbers(leave_out) if only is None else all_but(self._trace, _numbers(only))
        leaving = shared(self._trace, self._redactor, out)
        path.write_bytes(to_bytes(exported(leaving, chosen)))
        what = manifest(leaving)
        said = f"Wrote {file}: {summary(what.leaving(), what.holds())}."
        _say(" ".join(filter(None, (said, left_out(leaving.left_out)))))
        return path

    def __repr__(self) -> str:
        call = f"run.share({self._suggested('html')!r}, leave_out=[…])"
        return f"{to_text(self.manifest)}\n\n{call} writes it without the steps of these numbers."

    def _ipython_display_(self) -> None:
        if is_headless() or getattr(get_ipython(), "kernel", None) is None:
            _say(repr(self))
        else:
            _ipython.display(self.form())

    def _suggested(self, form: str) -> str:
        return file_name(self._trace, form)

    def form(self) -> Any:
        """The form, as a widget."""
        boxes = {
            part.number: _widgets.Checkbox(
                value=True, description=_line(part, holds), indent=False, layout={"width": "auto"}
            )
            for part, holds in self.manifest.steps
        }
        forms = [(ENDINGS[form], form) for form in ENDINGS]
        form = _widgets.Dropdown(options=forms, description="Format", layout={"width": "auto"})
        name = _widgets.Text(self._suggested("html"), description="File", layout={"width": "auto"})
        total = _widgets.Label()
        write = _widgets.Button(description="Write File", button_style="primary")
        said = _widgets.Output()

        def out() -> set[int]:
            return {number for number, box in boxes.items() if not box.value}

        def count(_: object = None) -> None:
            gone = out()
            leaving = summary(self.manifest.leaving(gone), self.manifest.holds(gone))
            total.value = f"Leaves: {leaving}."

        def rename(_: object) -> None:
            name.value = self._suggested(form.value)

        @said.capture(clear_output=True)
        def write_file(_: object) -> None:
            try:
                self.write(name.value, leave_out=out(), form=form.value)
            except (AgentKitError, OSError) as error:
                _say(str(error))

        for box in boxes.values():
            box.observe(count, "value")
        form.observe(rename, "value")
        write.on_click(write_file)
        count()
        steps = _widgets.VBox(
            list(boxes.values()), layout={"max_height": "320px", "overflow": "auto"}
        )
        return _widgets.VBox([steps, total, form, name, write, said])


def _say(text: str) -> None:
    # Not as Python's repr: whoever shares should read it wherever the call stands in a cell.
    sys.stdout.write(f"{text}\n")


def _line(part: Part, holds: Holds) -> str:
    named = {"answer": "Answer", "follow_up": "Follow-up"}.get(part.kind)
    title = f"{named}: {part.title}" if named else " ".join((part.title, part.details)).strip()
    facts = [amount(holds.bytes)]
    facts += [counted(holds.pictures, "picture")] if holds.pictures else []
    facts += [counted(holds.masked, "masked value")] if holds.masked else []
    return f"{part.number} · {one_line(title, 90)} · {' · '.join(facts)}"


def _numbers(steps: Steps) -> set[int]:
    if isinstance(steps, str):
        return numbered(steps)
    return {steps} if isinstance(steps, int) else set(steps)
