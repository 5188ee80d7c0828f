"""The trace of a run: the document, and its readable forms."""

from agentkit.trace.files import Place as Place
from agentkit.trace.files import SavedTrace as SavedTrace
from agentkit.trace.files import load as load
from agentkit.trace.leaving_out import parts as parts
from agentkit.trace.leaving_out import without as without

__all__ = ["Place", "SavedTrace", "load", "parts", "without"]
