"""Arguments that somebody edited while their secrets were masked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from agentkit.core.events import ApprovalRequested
from agentkit.core.redaction import Redactor
from agentkit.tools.protocol import Resolution


def with_true_arguments(
    resolution: Resolution, request: ApprovalRequested, redactor: Redactor
) -> Resolution:
    """An approval whose edited arguments hold the secrets that their editor saw masked."""
    value = resolution.value
    if not isinstance(value, dict) or "arguments" not in value:
        return resolution
    consent = cast("dict[str, Any]", value)
    true = request.arguments
    arguments = _unmasked(consent["arguments"], redactor.redact(true), true)
    return replace(resolution, value={**consent, "arguments": arguments})


def _unmasked(edited: Any, shown: Any, true: Any) -> Any:
    if edited == shown:
        return true
    if not isinstance(edited, dict) or not isinstance(shown, dict):
        return cast("Any", edited)
    fields, known = cast("dict[str, Any]", edited), cast("dict[str, Any]", shown)
    return {
        key: _unmasked(value, known[key], true[key]) if key in known and key in true else value
        for key, value in fields.items()
    }
