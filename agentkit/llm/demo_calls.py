"""Which tools the demo provider calls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agentkit.core.protocol import ToolSpec
from agentkit.llm.demo_arguments import Known, fill, listed, properties_of
from agentkit.llm.demo_question import DRAWING, Question, stems

_NAME, _PARAMETER, _SUMMARY, _REST = 3, 2, 2, 1
_LEAST = 2


@dataclass(slots=True)
class Choice:
    """A tool that fits the question.

    ``calls`` are the arguments of each call; empty when ``unfilled`` names required arguments for
    which there is no value yet.
    """

    tool: ToolSpec
    place: int
    calls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    unfilled: list[str] = field(default_factory=list[str])

    @property
    def draws(self) -> bool:
        """Whether its result is a picture, by its name."""
        return is_drawing(self.tool)


def is_drawing(tool: ToolSpec) -> bool:
    """Whether the name of a tool says that it draws."""
    return bool(DRAWING & set(stems(tool.name)))


def choose(question: Question, tools: Sequence[ToolSpec], known: Sequence[Known]) -> list[Choice]:
    """The tools that fit, in the order in which the question speaks of them, pictures last.

    A tool that lacks an argument is taken only when no other fits.
    """
    fits = [_Fit(question, tool, *fill(question, tool, known)) for tool in tools]
    ready = [fit for fit in fits if not fit.unfilled or _can_look_up(fit, tools)]
    chosen = _cover(question, ready) or _cover(question, fits)[:1]
    return [
        Choice(fit.tool, fit.place, fit.calls, fit.unfilled)
        for fit in sorted(chosen, key=lambda fit: (is_drawing(fit.tool), fit.place))
    ]


class _Fit:
    """A tool with what it shares with the question."""

    def __init__(
        self, question: Question, tool: ToolSpec, calls: list[dict[str, Any]], unfilled: list[str]
    ) -> None:
        self.tool = tool
        self.calls = calls
        self.unfilled = unfilled
        self.parameters = properties_of(tool)
        self.weights = _matches(question, tool)
        self.place = min((question.positions[stem] for stem in self.weights), default=0)

    def score(self, taken: dict[str, int]) -> int:
        """The weight of the words that no tool has taken that they suit as well."""
        return sum(w for stem, w in self.weights.items() if w > taken.get(stem, 0))


def _cover(question: Question, fits: Sequence[_Fit]) -> list[_Fit]:
    """The best fit, then the best for the words that are left, while it has half the best score."""
    drawing = [fit for fit in fits if is_drawing(fit.tool)]
    others = [fit for fit in fits if not is_drawing(fit.tool)]
    taken = dict.fromkeys(DRAWING, _NAME)
    chosen: list[_Fit] = []
    best = 0
    if drawing and question.draws:
        chosen = [max(drawing, key=lambda fit: fit.score({}))]
        # An order for a picture needs nothing else; a question that wants one too needs its facts.
        if not question.asks:
            taken.update(dict.fromkeys(chosen[0].weights, _NAME))
            best = chosen[0].score({})
    while others:
        # Of two that fit as well, the one with arguments says more about the question.
        fit = max(others, key=lambda fit: (fit.score(taken), bool(fit.parameters), -fit.place))
        score = fit.score(taken)
        if score < max(_LEAST, best / 2):
            break
        chosen.append(fit)
        others.remove(fit)
        for stem, weight in fit.weights.items():
            taken[stem] = max(weight, taken.get(stem, 0))
        best = max(best, score)
    return chosen


def _can_look_up(fit: _Fit, tools: Sequence[ToolSpec]) -> bool:
    choice = Choice(fit.tool, fit.place, unfilled=fit.unfilled)
    return lookup_for(choice, tools, frozenset()) is not None and all(
        fit.parameters[name].get("type") in ("string", "array") and not listed(fit.parameters[name])
        for name in fit.unfilled
    )


def lookup_for(
    choice: Choice, tools: Sequence[ToolSpec], called: frozenset[str]
) -> ToolSpec | None:
    """A tool without required arguments that may name values for what is unfilled."""
    free = [
        tool
        for tool in tools
        if tool.name not in called
        and tool.name != choice.tool.name
        and not is_drawing(tool)
        and not tool.parameters.get("required")
    ]
    wanted = {stem for name in choice.unfilled for stem in stems(name)}
    fitting = [tool for tool in free if wanted & set(stems(tool.name))]
    listing = [tool for tool in free if re.match(r"list|columns|describe|schema", tool.name)]
    return next(iter([*fitting, *listing]), None)


def _matches(question: Question, tool: ToolSpec) -> dict[str, int]:
    """The stems of the question that occur in a tool, with the weight of the best place."""
    summary, _, rest = tool.description.partition(".")
    found: dict[str, int] = {}

    def weigh(text: str, weight: int) -> None:
        for stem in stems(text):
            if stem in question.topics:
                found.setdefault(stem, weight)

    weigh(tool.name, _NAME)
    for name, schema in properties_of(tool).items():
        weigh(name, _PARAMETER)
        for value in listed(schema):
            weigh(str(value), _PARAMETER)
    weigh(summary, _SUMMARY)
    weigh(rest, _REST)
    if is_drawing(tool):
        for stem in DRAWING & question.topics:
            found.setdefault(stem, _REST)
    return found
