"""The trace of a run: the document, and its readable forms."""
