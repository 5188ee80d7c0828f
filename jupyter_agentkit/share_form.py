"""The form of ``run.share()`` in a notebook: what would leave, and the file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

import anywidget
import traitlets as t

from agentkit.errors import AgentKitError, InvalidInput
from agentkit.trace.read import as_list
from jupyter_agentkit.page_module import page_module

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"

_log = logging.getLogger(__name__)


class ShareForm(anywidget.AnyWidget):
    """The form; the page shows it as JupyterLab's own "Export Trace…" is shown.

    Parameters
    ----------
    look
        Gives what a form shows (``agentkit.trace.export.offered``) of the run as it stands now.
    write
        Writes ``(file, form, left out)`` and gives what to say of it.
    done
        Told the same when a file was written.
    """

    offered = t.Dict().tag(sync=True)
    """What was looked at, which is what leaves."""

    def __init__(
        self,
        look: Callable[[], Mapping[str, Any]],
        write: Callable[[str, str, set[int]], str],
        done: Callable[[str], None],
    ) -> None:
        self._look = look
        self._write = write
        self._done = done
        super().__init__(_esm=page_module("share-form"), offered=dict(look()))
        self.on_msg(self._on_page_message)  # pyright: ignore[reportUnknownMemberType]

    def view_data(self) -> dict[str, Any]:
        """The part of a MIME bundle that shows it."""
        data, _ = cast("Any", self)._repr_mimebundle_()
        return {WIDGET_MIME: data[WIDGET_MIME]}

    def _on_page_message(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        match message:
            case {"type": "look"}:
                self._look_again()
            case {"type": "write", "file": str(file), "form": str(form), "leave_out": list()}:
                self._tell(file, form, as_list(message["leave_out"]))
            case _:
                _log.warning("A page sent what no form for sharing understands: %r", message)

    def _look_again(self) -> None:
        try:
            self.offered = dict(self._look())
        except AgentKitError as error:
            self._say(error.message, failed=True)

    def _tell(self, file: str, form: str, left_out: list[Any]) -> None:
        numbers = {each for each in left_out if isinstance(each, int)}
        try:
            if len(numbers) != len(left_out):
                raise InvalidInput(f"Steps are numbers, not {left_out!r}.")
            said, failed = self._write(file, form, numbers), False
        except AgentKitError as error:
            said, failed = error.message, True
        except OSError as error:
            said, failed = f"{file} could not be written: {error.strerror or error}.", True
        except ValueError as error:  # a name that no file can have
            said, failed = f"{file!r} could not be written: {error}.", True
        self._say(said, failed=failed)
        if not failed:
            self._done(said)

    def _say(self, text: str, *, failed: bool) -> None:
        cast("Any", self).send({"type": "said", "text": text, "failed": failed})
