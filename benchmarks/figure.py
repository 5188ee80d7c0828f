"""One measured figure: what every benchmark returns."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """Many measurements of one thing, summed up."""

    name: str
    unit: str
    median: float
    p99: float
    count: int

    @classmethod
    def of(cls, name: str, unit: str, values: Sequence[float]) -> Figure:
        """Sum up ``values``; with fewer than a hundred of them, ``p99`` is the largest."""
        p99 = statistics.quantiles(values, n=100)[-1] if len(values) >= 100 else max(values)
        return cls(name, unit, statistics.median(values), p99, len(values))
