"""``run.share()``: what would leave with a run, steps that shall not, and the file."""

from __future__ import annotations

import contextvars
import os
import sys
import uuid
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import IPython.display
from IPython.core.getipython import get_ipython

from agentkit.core.redaction import Redactor
from agentkit.errors import InvalidInput
from agentkit.trace.document import Trace
from agentkit.trace.export import ENDINGS, exported, file_name, form_of, offered, to_bytes
from agentkit.trace.leaving_out import all_but, numbered
from agentkit.trace.overview import left_out
from agentkit.trace.sharing import manifest, masked, shared, summary, to_text
from agentkit.whole_file import write_whole
from jupyter_agentkit.share_form import ShareForm
from jupyter_agentkit.showing import is_headless

_ipython: Any = IPython.display
"""Untyped."""

Steps = str | int | Collection[int]
"""Numbers of steps: ``3``, ``[3, 5]`` or ``"3,5-7"``."""


class Sharing:
    """What would leave with a run: a form where somebody sits before it, else a list.

    What was looked at is what leaves: of a run that goes on, what it has done up to the last look.

    Parameters
    ----------
    run
        Gives the run as it stands; its secrets are masked here once more.
    folder
        Where files are written.
    """

    def __init__(self, run: Callable[[], Trace], folder: Path | None = None) -> None:
        self._run = run
        self._redactor = Redactor()
        self._folder = folder or Path.cwd()
        self._trace = self._looked()

    def look(self) -> dict[str, Any]:
        """Look again at a run that goes on; gives what a form shows of it."""
        self._trace = self._looked()
        return offered(self._trace)

    def _looked(self) -> Trace:
        return masked(self._run(), self._redactor)

    def write(
        self,
        file: str | os.PathLike[str],
        *,
        leave_out: Steps = (),
        only: Steps | None = None,
        form: str | None = None,
    ) -> Path:
        """Write the file, say what left, and give the file's path; see ``HeldRun.share``."""
        if only is not None and leave_out != ():
            raise InvalidInput("Give either leave_out or only.")
        out = _numbers(leave_out) if only is None else all_but(self._trace, _numbers(only))
        path, said = self._written(file, form, out)
        _say(said)
        return path

    def _written(
        self, file: str | os.PathLike[str], form: str | None, out: set[int]
    ) -> tuple[Path, str]:
        path = self._folder / file
        chosen = form or form_of(path.name)
        if chosen not in ENDINGS:
            raise InvalidInput(f"form has to be one of {', '.join(ENDINGS)}, not {chosen!r}.")
        leaving = shared(self._trace, self._redactor, out)
        write_whole(path, to_bytes(exported(leaving, chosen)))
        what = manifest(leaving)
        said = f"Wrote {file}: {summary(what.leaving(), what.holds())}."
        unfinished = "" if self._trace.has_ended else "The run had not ended yet."
        return path, " ".join(filter(None, (said, left_out(leaving.left_out), unfinished)))

    def __repr__(self) -> str:
        call = f"run.share({file_name(self._trace, 'html')!r}, leave_out=[…])"
        lines = [to_text(manifest(self._trace)), ""]
        if not self._trace.has_ended:
            lines += ["The run had not ended yet: run.share() again shows what it did since."]
        return "\n".join([*lines, f"{call} writes it without the steps of these numbers."])

    def _ipython_display_(self) -> None:
        if is_headless() or getattr(get_ipython(), "kernel", None) is None:
            _say(repr(self))
        else:
            self._show_form()

    def _show_form(self) -> None:
        # Until a file was written, as a dialog: in a saved notebook it would be a widget without a model.
        context, display_id = contextvars.copy_context(), uuid.uuid4().hex

        def close(said: str) -> None:
            text = f"{said}\nrun.share() shows the form again."
            context.run(
                _ipython.update_display, {"text/plain": text}, raw=True, display_id=display_id
            )

        form = self.form(close)
        bundle = {**form.view_data(), "text/plain": repr(self)}
        _ipython.display(bundle, raw=True, display_id=display_id)

    def form(self, done: Callable[[str], None] = lambda _: None) -> ShareForm:
        """The form, as a widget; ``done`` is told what was written."""

        def write(file: str, form: str, out: set[int]) -> str:
            return self._written(file, form, out)[1]

        return ShareForm(self.look, write, done)


def _say(text: str) -> None:
    # Not as Python's repr: whoever shares should read it wherever the call stands in a cell.
    sys.stdout.write(f"{text}\n")


def _numbers(steps: Steps) -> set[int]:
    if isinstance(steps, str):
        return numbered(steps)
    return {steps} if isinstance(steps, int) else set(steps)
