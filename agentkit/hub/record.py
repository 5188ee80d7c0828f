"""One event, encoded once: the same text is stored and sent to everyone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from agentkit.core.events import MessageDelta, StepEvent, ThinkingDelta
from agentkit.core.redaction import Redactor
from agentkit.core.well_formed import repaired


@dataclass(slots=True)
class Record:
    """A numbered event and its JSON text."""

    event: StepEvent
    text: str
    start: int = 0
    """Of a delta: the characters of its message that came before it."""
    is_delta: bool = False
    """Whether it is shown only, and not stored."""

    @property
    def seq(self) -> int:
        """The event's number; for a delta that of the last stored event."""
        return self.event.seq


def encode(event: StepEvent, redactor: Redactor) -> Record:
    """The event with its secrets masked, and well-formed, as it will be stored and sent."""
    # A field that is absent is left out; a ``None`` among a tool's arguments stays.
    try:
        text = event.model_dump_json(exclude_none=True, fallback=str)
    except (PydanticSerializationError, UnicodeEncodeError):
        plain = json.dumps(event.model_dump(exclude_none=True), default=str)
        text = repaired(json.dumps(_parsed(plain), ensure_ascii=False))
        event = type(event).model_validate_json(text)
    if redactor.is_harmless(text):
        return Record(event, text)
    # What is written is looked at, and not what it is made of: a path or bytes may hold a secret too.
    payload = _parsed(text)
    clean = redactor.redact(payload)
    if clean is payload:
        return Record(event, text)
    return Record(type(event).model_validate(clean), _json(clean))


def _parsed(text: str) -> Any:
    # Browsers read no NaN.
    return json.loads(text, parse_int=_whole, parse_constant=lambda _: None)


def _whole(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads
        return digits


def encode_delta(event: MessageDelta | ThinkingDelta, start: int) -> Record:
    """A delta, masked already, that comes after the first ``start`` characters of its message."""
    event.delta = repaired(event.delta)
    return Record(event, _json(event.model_dump()), start, is_delta=True)


def _json(payload: object) -> str:
    # Browsers read no NaN.
    return to_json(payload, inf_nan_mode="null", fallback=str).decode()
