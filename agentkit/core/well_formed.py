"""Text that can be written as UTF-8: without the halves of surrogate pairs.

A stream that cuts an emoji in two has such halves, a file name of odd bytes too.
"""

from __future__ import annotations


def well_formed(text: str) -> bool:
    """Whether ``text`` can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def repaired(text: str) -> str:
    """``text`` with U+FFFD in the place of each half of a surrogate pair."""
    if well_formed(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
