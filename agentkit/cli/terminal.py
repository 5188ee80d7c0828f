"""What the command says: to the terminal, or to whatever stands in its place."""

from __future__ import annotations

import sys
from typing import TextIO, cast

from agentkit.errors import InvalidInput


def say(text: str) -> None:
    """Write a text to the standard output."""
    # A terminal that lacks a sign shows its number, and the rest all the same.
    write(text.encode(_output().encoding or "utf-8", "backslashreplace"))


def write(content: bytes) -> None:
    """Write to the standard output as it is."""
    output = _output()
    output.flush()
    output.buffer.write(content)
    output.buffer.flush()


def _output() -> TextIO:
    # Python has none where the descriptor was closed before it began.
    output = cast("TextIO | None", sys.stdout)
    if output is None:
        raise InvalidInput("The standard output is closed; name a file with --output.")
    return output


def of_the_system(error: OSError) -> str:
    """An error of the operating system in a sentence."""
    if not error.strerror:
        return str(error)
    what = f"{error.strerror[:1].lower()}{error.strerror[1:]}."
    return f"{error.filename or 'The output cannot be written'}: {what}"


def problem(message: str) -> int:
    """Say what was wrong, on stderr; gives the exit status."""
    from agentkit.trace.words import visible

    if cast("TextIO | None", sys.stderr) is not None:
        sys.stderr.write(f"agentkit: {visible(message)}\n")
    return 2
