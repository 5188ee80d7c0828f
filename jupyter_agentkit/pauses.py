"""Shorter pauses of the whole server while Python looks for garbage."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

THRESHOLDS = (200, 5, 500)
"""As ``gc.set_threshold`` takes them: look at what is young often, and so at little; at all of it seldom.

A thousand runs renew a hundred thousand objects every few seconds. Python's own (700, 10, 10) looks at all
objects every ten seconds then, which takes 200 to 350 ms each time, and at the young ones for 30 ms. With
these the young ones take 2 to 5 ms, and all of them are looked at every other minute."""


def shorten_pauses() -> Callable[[], None]:
    """Let nothing on the loop wait long for the collector; return what undoes it.

    What the server has loaded so far is not looked at again: it stays as long as the server does.
    """
    if sys.version_info >= (3, 14):  # which collects in small steps by itself
        return lambda: None
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)

    def undo() -> None:
        gc.set_threshold(*before)
        gc.unfreeze()

    return undo
