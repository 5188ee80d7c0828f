"""Arguments that somebody edited while their secrets were masked."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, cast

from agentkit.core.events import ApprovalRequested
from agentkit.core.redaction import MASKED, Redactor
from agentkit.errors import InvalidInput
from agentkit.tools.protocol import Resolution


def with_true_arguments(
    resolution: Resolution, request: ApprovalRequested, redactor: Redactor
) -> Resolution:
    """An approval whose edited arguments hold the secrets that their editor saw masked.

    Raises
    ------
    InvalidInput
        A mask stands where it is not known which secret is meant; the call would be run with the mask.
    """
    value = resolution.value
    if not isinstance(value, dict) or "arguments" not in value:
        return resolution
    consent = cast("dict[str, Any]", value)
    true = request.arguments
    shown = redactor.redact(true)
    arguments = _unmasked(consent["arguments"], shown, true)
    # What was written like a mask from the beginning is none.
    masks = set(MASKED.findall(json.dumps(shown))) - set(MASKED.findall(json.dumps(true)))
    if left := masks & set(MASKED.findall(json.dumps(arguments))):
        raise InvalidInput(
            f"The edited arguments hold {min(left)} where it cannot be said which secret is meant. Leave that"
            " value as it was, or write the secret itself.",
            reason="masked_secret",
        )
    return replace(resolution, value={**consent, "arguments": arguments})


def _unmasked(edited: Any, shown: Any, true: Any) -> Any:
    if edited == shown:
        return true
    if isinstance(edited, str) and isinstance(shown, str):
        return _unmasked_text(edited, shown, str(true))
    if isinstance(edited, list) and isinstance(shown, list):
        return _unmasked_items(cast("list[Any]", edited), cast("list[Any]", shown), true)
    if not isinstance(edited, dict) or not isinstance(shown, dict):
        return cast("Any", edited)
    fields, known = cast("dict[str, Any]", edited), cast("dict[str, Any]", shown)
    return {
        key: _unmasked(value, known[key], true[key]) if key in known and key in true else value
        for key, value in fields.items()
    }


def _unmasked_items(edited: list[Any], shown: list[Any], true: list[Any]) -> list[Any]:
    """Items that were moved are known by what they are, those that were edited by their place."""
    known = list(zip(shown, true, strict=True))
    return [
        next(
            (kept for seen, kept in known if seen == item),
            _unmasked(item, *known[at]) if at < len(known) else item,
        )
        for at, item in enumerate(edited)
    ]


def _unmasked_text(edited: str, shown: str, true: str) -> str:
    """Put back what each mask hides, found by the text around it."""
    masks = MASKED.findall(shown)
    around = "(.*?)".join(map(re.escape, MASKED.split(shown)))
    hidden = re.fullmatch(around, true, re.DOTALL) if masks else None
    if hidden is None:
        return edited
    meant: dict[str, set[str]] = {}
    for mask, secret in zip(masks, hidden.groups(), strict=True):
        meant.setdefault(mask, set()).add(secret)
    return MASKED.sub(
        lambda mask: meant[mask[0]].copy().pop() if len(meant.get(mask[0], ())) == 1 else mask[0],
        edited,
    )
