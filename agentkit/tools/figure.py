"""Figures of matplotlib as pictures, without importing matplotlib.

A value can only be a figure when the user's code has imported matplotlib already.
"""

from __future__ import annotations

import io
import logging
import sys
from typing import Any

_log = logging.getLogger(__name__)


def figure_of(value: Any) -> Any | None:
    """Find the figure: the value itself, or the one that its ``Axes`` (or array of them) belong to."""
    figures: Any = sys.modules.get("matplotlib.figure")
    axes: Any = sys.modules.get("matplotlib.axes")
    numpy: Any = sys.modules.get("numpy")
    # Another thread may be in the middle of importing it.
    if not hasattr(figures, "Figure") or not hasattr(axes, "Axes"):
        return None
    if numpy is not None and isinstance(value, numpy.ndarray):
        # What `subplots` and pandas' `hist` return.
        if value.dtype != object or value.size == 0:
            return None
        value = value.flat[0]
    if isinstance(value, axes.Axes):
        value = value.figure
    while isinstance(value, figures.FigureBase) and not isinstance(value, figures.Figure):
        value = value.figure
    return value if isinstance(value, figures.Figure) else None


def png_of_figure(figure: Any, *, wanted: bool) -> bytes | None:
    """Draw the figure if ``wanted``, and close it: the inline backend would show it once more."""
    drawn = io.BytesIO()
    try:
        if wanted:
            figure.savefig(drawn, format="png", bbox_inches="tight")
    except Exception:
        _log.debug("A figure could not be drawn", exc_info=True)
        return None
    finally:
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            pyplot.close(figure)
    return drawn.getvalue() or None
