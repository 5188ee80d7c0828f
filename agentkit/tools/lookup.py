"""What is said when a name is not known."""

from __future__ import annotations

import difflib
from collections.abc import Collection

MAX_NAMES = 50
"""Names that one message lists."""


def missing(kind: str, name: object, known: Collection[str]) -> str:
    """Say that there is no such thing, what was probably meant, and what there is."""
    if not known:
        return f"There is no {kind} named {name!r}: none is registered."
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    listed = sorted(known)
    more = f" and {len(listed) - MAX_NAMES} more" if len(listed) > MAX_NAMES else ""
    return f"There is no {kind} named {name!r}.{hint} There are: {', '.join(listed[:MAX_NAMES])}{more}."
