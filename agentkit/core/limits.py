"""Limits from several places, the narrower ones first asked."""

from __future__ import annotations

from typing import Any

from agentkit.core.protocol import Limits


def narrowed(*limits: Limits | None) -> Limits:
    """The limits that hold when each of ``limits`` may set what the ones before it left open.

    Parameters
    ----------
    limits
        From the widest (the server's) to the narrowest (the run's). Only fields that were given count.
    """
    fields: dict[str, Any] = {}
    for each in limits:
        if each is not None:
            fields.update({name: getattr(each, name) for name in each.model_fields_set})
    return Limits(**fields)
