"""The trace of a run: the document, and its readable forms."""

from agentkit.trace.files import Place as Place
from agentkit.trace.files import SavedTrace as SavedTrace
from agentkit.trace.files import load as load

__all__ = ["Place", "SavedTrace", "load"]
