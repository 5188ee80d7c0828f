"""Keeps secrets out of the log: an error's message may hold what a tool or a provider was given."""

from __future__ import annotations

import logging

from agentkit.core.redaction import Redactor

LOG = logging.getLogger("agentkit")


class MaskedLog(logging.Filter):
    """Masks what is logged, tracebacks included.

    Parameters
    ----------
    redactor
        What masks it.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, masked."""
        said = record.getMessage()
        if (clean := self._redactor.redact_text(said)) is not said:
            record.msg, record.args = clean, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._redactor.redact_text(record.exc_text)
        return True


def mask_log(redactor: Redactor, log: logging.Logger = LOG) -> None:
    """Mask what is logged there from here on, by this redactor alone."""
    for each in [each for each in log.filters if isinstance(each, MaskedLog)]:
        log.removeFilter(each)
    log.addFilter(MaskedLog(redactor))
