"""What running code gave, gathered as it comes: one MIME bundle in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from pydantic_core import to_json

from agentkit.core.protocol import MimeBundle
from agentkit.tools.builtin.ports import Cleared, Output, Printed, Raised, Shown
from agentkit.tools.builtin.terminal import last_words, plain
from agentkit.tools.bundle import NOT_KEPT

HEAD_CHARS = 300_000
"""Printed characters that are kept from the start of one piece of output."""
TAIL_CHARS = 300_000
"""And from its end. A loop that prints for hours must not fill the server's memory."""
RICH_CHARS = 16_000_000
"""Characters of all that is displayed, such as pictures in base64."""
MAX_SHOWN = 50
"""Displayed values that are kept; code that displays in a loop is not read further."""
LINE_CHARS = 200
"""Of the last printed line, for whoever watches."""

_BITMAPS = ("image/png", "image/jpeg", "image/webp", "image/gif")


@dataclass(slots=True)
class _Text:
    """A stretch of printed text; of a long one the middle is left out."""

    head: str = ""
    tail: str = ""
    missing: int = 0

    def add(self, text: str) -> None:
        room = HEAD_CHARS - len(self.head)
        self.head += text[:room]
        self.tail += text[room:] if room < len(text) else ""
        # Cut rarely: each cut copies the whole tail.
        if len(self.tail) > 2 * TAIL_CHARS:
            self._trim()

    def _trim(self) -> None:
        self.missing += len(self.tail) - TAIL_CHARS
        self.tail = self.tail[-TAIL_CHARS:]

    def __str__(self) -> str:
        if len(self.head) + len(self.tail) > HEAD_CHARS + TAIL_CHARS:
            self._trim()
        gap = f"\n… {self.missing:,} characters left out …\n" if self.missing else ""
        return plain(self.head + gap + self.tail)

    @property
    def last_line(self) -> str:
        return last_words(
            self.tail if len(self.tail) > LINE_CHARS else self.head + self.tail, LINE_CHARS
        )


@dataclass(slots=True)
class Outputs:
    """The outputs of one execution, in order."""

    raised: Raised | None = None
    _pieces: list[_Text | Shown] = field(default_factory=list["_Text | Shown"])
    _clear_next: bool = False
    _left_out: int = 0

    def add(self, output: Output) -> None:
        """Take one in."""
        if isinstance(output, Cleared):
            self._clear_next = output.wait
            if not output.wait:
                self._clear()
            return
        if self._clear_next:
            self._clear()
        match output:
            case Printed(text):
                if not self._pieces or not isinstance(self._pieces[-1], _Text):
                    self._pieces.append(_Text())
                piece = self._pieces[-1]
                assert isinstance(piece, _Text)
                piece.add(text)
            case Shown(replaces=True):
                self._replace(output)
            case Shown():
                self._show(output)
            case Raised():
                self.raised = output

    @property
    def news(self) -> str:
        """The last printed line; empty when the last output is none."""
        last = self._pieces[-1] if self._pieces else None
        return last.last_line if isinstance(last, _Text) else ""

    @property
    def printed(self) -> str:
        """All the text: what was printed, and what the shown values are in words."""
        return "\n".join(text for piece in self._pieces if (text := _words(piece)))

    def bundle(self) -> MimeBundle:
        """One bundle of all of it.

        A single output is its own bundle. Of several, ``text/plain`` tells all in order, ``text/html``
        shows all in order if there is more to show than text, and the last picture is there as such, for
        models that take pictures.
        """
        pieces = [
            piece for piece in self._pieces if not isinstance(piece, _Text) or str(piece).strip()
        ]
        text = "\n".join(each for piece in pieces if (each := _words(piece)))
        if self._left_out:
            text += f"\n… {self._left_out:,} further values were displayed and are left out …"
        if len(pieces) == 1 and isinstance(pieces[0], Shown) and not self._left_out:
            return {"text/plain": "", **pieces[0].bundle}
        bundle: MimeBundle = {"text/plain": text}
        if any(map(_is_rich, pieces)):
            bundle["text/html"] = "\n".join(_html(piece) for piece in pieces)
            for piece in reversed(pieces):
                if picture := _bitmap(piece):
                    bundle[picture[0]] = picture[1]
                    break
        return bundle

    def _clear(self) -> None:
        self._pieces.clear()
        self._clear_next = False
        self._left_out = 0

    def _show(self, output: Shown) -> None:
        shown = [piece for piece in self._pieces if isinstance(piece, Shown)]
        size = sum(map(_size, shown)) + _size(output)
        if len(shown) >= MAX_SHOWN or size > RICH_CHARS:
            self._left_out += 1
        else:
            self._pieces.append(_kept(output))

    def _replace(self, output: Shown) -> None:
        for position, piece in enumerate(self._pieces):
            if isinstance(piece, Shown) and piece.display_id == output.display_id:
                self._pieces[position] = _kept(output)


def _kept(output: Shown) -> Shown:
    bundle = {mime: value for mime, value in output.bundle.items() if mime not in NOT_KEPT}
    if isinstance(text := bundle.get("text/plain"), str):
        bundle["text/plain"] = plain(text)
    return Shown(bundle, output.display_id)


def _size(output: Shown) -> int:
    return sum(
        len(value) if isinstance(value, str) else len(to_json(value, serialize_unknown=True))
        for value in output.bundle.values()
    )


def _words(piece: _Text | Shown) -> str:
    if isinstance(piece, _Text):
        return str(piece).strip("\n")
    for mime in ("text/plain", "text/markdown", "text/latex"):
        if isinstance(text := piece.bundle.get(mime), str) and text:
            return text
    return f"[{', '.join(piece.bundle)}]" if piece.bundle else ""


def _is_rich(piece: _Text | Shown) -> bool:
    return isinstance(piece, Shown) and ("text/html" in piece.bundle or _bitmap(piece) is not None)


def _bitmap(piece: _Text | Shown) -> tuple[str, str] | None:
    if isinstance(piece, Shown):
        for mime in _BITMAPS:
            if isinstance(data := piece.bundle.get(mime), str) and data:
                return mime, "".join(data.split())
    return None


def _html(piece: _Text | Shown) -> str:
    if isinstance(piece, Shown):
        if isinstance(html := piece.bundle.get("text/html"), str):
            return html
        if picture := _bitmap(piece):
            words = _words(piece)
            return f'<p><img src="data:{picture[0]};base64,{escape(picture[1])}" alt="{escape(words)}"></p>'
    return f"<pre>{escape(_words(piece))}</pre>"


def traceback_of(raised: Raised) -> str:
    """Give the traceback without its colours."""
    return plain(raised.traceback).strip("\n")
