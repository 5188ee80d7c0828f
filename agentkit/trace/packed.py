"""Long lists of events, packed: a notebook indents its JSON, so a thousand small events fill a megabyte."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any, Literal

from pydantic import BaseModel

from agentkit.trace.limits import PLAIN_EVENTS, UNPACKED_BYTES
from agentkit.trace.read import as_list, as_mapping, as_text, parsed

ENCODING: Literal["zlib+base64"] = "zlib+base64"


class PackedEvents(BaseModel):
    """What stands in the place of a long list of events."""

    encoding: Literal["zlib+base64"]
    count: int
    """How many events there are."""
    data: str
    """The list as JSON in UTF-8, compressed by zlib (RFC 1950), in base64."""


def pack(events: list[dict[str, Any]]) -> list[dict[str, Any]] | dict[str, Any]:
    """The events as they are, or packed when they are many and that makes them half as long or less."""
    if len(events) <= PLAIN_EVENTS:
        return events
    try:
        text = json.dumps(events, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        return events  # not what a run leaves; whoever writes the file decides about it
    data = base64.b64encode(zlib.compress(text.encode("utf-8", "surrogatepass"))).decode()
    if 2 * len(data) > len(text):
        return events
    return PackedEvents(encoding=ENCODING, count=len(events), data=data).model_dump()


def unpack(events: object) -> list[Any]:
    """The list that was packed, or that was there; what cannot be read becomes an event that says so."""
    packed = as_mapping(events)
    if "data" not in packed:
        return as_list(events)
    if packed.get("encoding") != ENCODING:
        return [_unreadable(f"packed in a way that is not known here: {packed.get('encoding')!r}")]
    try:
        compressed = base64.b64decode(as_text(packed.get("data")) or "", validate=True)
        reader = zlib.decompressobj()
        text = reader.decompress(compressed, UNPACKED_BYTES)
        if not reader.eof:
            whole = "longer than is read" if reader.unconsumed_tail else "cut off"
            return [_unreadable(f"the packed events are {whole}")]
        return as_list(parsed(text.decode("utf-8", "surrogatepass")))
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        return [_unreadable(f"the packed events are broken: {error}")]


def _unreadable(why: str) -> dict[str, Any]:
    return {"event_type": "unreadable", "message": why[:400]}
