"""Lists of events, packed: a notebook indents its JSON, so a thousand small events fill a megabyte.

Packed is also what a page would change: it saves the whole notebook, and knows no whole numbers beyond 2⁵³.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass
from typing import Any, Literal, cast

from pydantic import BaseModel

from agentkit.trace.limits import (
    PLAIN_EVENTS,
    UNPACKED_BYTES,
    UNPACKED_COMMAS,
    UNPACKED_LISTS,
)
from agentkit.trace.read import as_list, as_mapping, as_text, parsed, shallow

_PIECE = 1_000_000

EXACT = 2**53
"""Up to here JavaScript has every whole number."""

ENCODING: Literal["zlib+base64"] = "zlib+base64"


class PackedEvents(BaseModel):
    """What stands in the place of a long list of events."""

    encoding: Literal["zlib+base64"]
    count: int
    """How many events there are."""
    data: str
    """The list as JSON in UTF-8, compressed by zlib (RFC 1950), in base64. Each entry begins a line."""


def pack(events: list[dict[str, Any]]) -> list[dict[str, Any]] | dict[str, Any]:
    """The events as they are, or packed.

    They are packed when they are many and that makes them half as long or less, and when a number among
    them is one that a page would round.
    """
    exact = not any(map(_would_be_rounded, events))
    if exact and len(events) <= PLAIN_EVENTS:
        return events
    try:
        # Each on a line of its own: so they can be read piece by piece.
        text = "[" + ",\n".join(map(_json, events)) + "]"
    except (TypeError, ValueError, RecursionError):
        return events  # not what a run leaves; whoever writes the file decides about it
    compressed = zlib.compress(text.encode("utf-8", "surrogatepass"), zlib.Z_BEST_COMPRESSION)
    data = base64.b64encode(compressed).decode()
    if exact and 2 * len(data) > len(text):
        return events
    return PackedEvents(encoding=ENCODING, count=len(events), data=data).model_dump()


def _would_be_rounded(event: dict[str, Any]) -> bool:
    """Whether a whole number is in it that is another one once JavaScript has read it."""
    waiting: list[Any] = [event]
    while waiting:
        value = waiting.pop()
        if isinstance(value, int) and abs(value) > EXACT:
            return True
        if isinstance(value, dict):
            waiting.extend(cast("dict[str, Any]", value).values())
        elif isinstance(value, list):
            waiting.extend(cast("list[Any]", value))
    return False


def _json(event: dict[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@dataclass(slots=True)
class Room:
    """What the packed events of a document may still become, all its runs together."""

    size: int = UNPACKED_BYTES
    commas: int = UNPACKED_COMMAS
    lists: int = UNPACKED_LISTS
    """Objects among them."""

    def take(self, json: bytes) -> bool:
        """Whether there is room for this too, which is taken; told without making anything of it."""
        # Piece by piece: to count in all of it would keep every other thread waiting.
        for start in range(0, len(json), _PIECE):
            piece = json[start : start + _PIECE]
            self.commas -= piece.count(b",")
            self.lists -= piece.count(b"[") + piece.count(b"{")
            if min(self.commas, self.lists) < 0:
                return False
        return True


def unpack(events: object, room: Room) -> list[Any]:
    """The list that was packed, or that was there; what cannot be read becomes an event that says so."""
    packed = as_mapping(events)
    if "data" not in packed:
        return as_list(events)
    if packed.get("encoding") != ENCODING:
        return [_unreadable(f"packed in a way that is not known here: {packed.get('encoding')!r}")]
    try:
        compressed = base64.b64decode(as_text(packed.get("data")) or "", validate=True)
        reader = zlib.decompressobj()
        # One more than there is room for: a length of 0 would mean any.
        text = reader.decompress(compressed, room.size + 1)
        room.size = max(0, room.size - len(text))
        if not reader.eof or not room.take(text):
            cut = not (reader.eof or reader.unconsumed_tail)
            return [
                _unreadable(f"the packed events are {'cut off' if cut else 'longer than is read'}")
            ]
        return as_list(shallow(parsed(text.decode("utf-8", "surrogatepass"))))
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        return [_unreadable(f"the packed events are broken: {error}")]


def _unreadable(why: str) -> dict[str, Any]:
    return {"event_type": "unreadable", "message": why[:400]}
