"""What a run has used, held against what it may use."""

from __future__ import annotations

from dataclasses import dataclass

from agentkit.core.asking import Asker
from agentkit.core.bounded import Stop
from agentkit.core.events import InputRequested
from agentkit.core.protocol import Budget, Limits, Usage
from agentkit.errors import AgentKitError
from agentkit.llm.protocol import TokenUsage

GO_ON, END = "Go on", "Stop"
"""The answers to the question at a soft limit."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that the run has come to."""

    name: str
    """As in ``limits``."""
    limit: float
    used: float

    def __str__(self) -> str:
        if self.name == "cost":
            return f"{_dollars(self.used)} of {_dollars(self.limit)}"
        unit = "s" if self.name == "seconds" else self.name.replace("_", " ")
        return f"{self.used:,.0f} of {self.limit:,.0f} {unit}"


class Meter:
    """Counts what a run uses.

    A limit is reached when a further call of the model would begin with nothing left. Tokens and cost are
    known only after a call, so the last one may end above its limit. Calls of tools are refused one by
    one: with all of them used, the model may still answer, and the run ends when it asks for more.
    """

    def __init__(self, limits: Limits) -> None:
        self._hard = _fields(limits)
        self._soft = _fields(limits.soft) if limits.soft else {}
        self.requests = 0
        self.tool_calls = 0
        self.usage = Usage()
        self.cost = 0.0
        self.cost_is_known = True

    @property
    def limits_cost(self) -> bool:
        """Whether a limit of cost is set."""
        return "cost" in self._hard or "cost" in self._soft

    def add(self, usage: TokenUsage | None) -> None:
        """Count a call of the model."""
        self.requests += 1
        if usage is None or usage.cost is None:
            self.cost_is_known = False
        if usage is not None:
            self.usage.input_tokens += usage.prompt_tokens
            self.usage.output_tokens += usage.completion_tokens
            self.cost += usage.cost or 0

    def reached(self, seconds: float) -> Reached | None:
        """The first hard limit that leaves nothing for a further call of the model."""
        hard = self._hard
        if self.tool_calls == hard.get("tool_calls"):
            hard = {name: limit for name, limit in hard.items() if name != "tool_calls"}
        return self._first(hard, seconds)

    def soft_reached(self, seconds: float) -> Reached | None:
        """The first soft limit that is reached."""
        return self._first(self._soft, seconds)

    def go_on(self, reached: Reached) -> None:
        """Somebody has agreed to as much again."""
        first = self._soft[reached.name]
        while self._soft[reached.name] <= reached.used:
            self._soft[reached.name] += first

    def allowed_calls(self, wanted: int) -> int:
        """Count calls of tools that a model asks for; how many of them may run."""
        limit = self._hard.get("tool_calls")
        left = wanted if limit is None else int(limit) - self.tool_calls
        allowed = max(0, min(wanted, left))
        self.tool_calls += wanted
        return allowed

    def _first(self, limits: dict[str, float], seconds: float) -> Reached | None:
        if not limits:
            return None
        usage = self.usage
        used = {
            "requests": self.requests,
            "tool_calls": self.tool_calls,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
            "cost": self.cost,
            "seconds": seconds,
        }
        for name, limit in limits.items():
            if used[name] >= limit:
                return Reached(name, limit, used[name])
        return None


class Allowance:
    """Holds one run to its limits before each call of the model."""

    def __init__(self, limits: Limits, asker: Asker, stop: Stop) -> None:
        self.meter = Meter(limits)
        self._asker = asker
        self._stop = stop

    def spend(self, usage: TokenUsage | None) -> str | None:
        """Count a call of the model; a warning, once, when no limit of cost can hold."""
        could = self.meter.cost_is_known
        self.meter.add(usage)
        if self.meter.limits_cost and could and not self.meter.cost_is_known:
            return "What a call of this model costs is not known, so the limit of cost cannot hold."
        return None

    async def check(self) -> None:
        """See that a further call is allowed; ask, where only a soft limit is reached.

        Raises
        ------
        AgentKitError
            A hard limit is reached (reason ``limit``), or a soft one (``soft_limit``) and nobody has agreed
            to go on.
        """
        seconds = self._stop.clock.used
        if reached := self.meter.reached(seconds):
            raise AgentKitError(
                f"Stopped at its limit: {reached} (limits.{reached.name}).", reason="limit"
            )
        while reached := self.meter.soft_reached(seconds):
            question = f"This run has used {reached}, its soft limit. Shall it go on?"
            request = InputRequested(request_id="", question=question, choices=[GO_ON, END])
            resolution = await self._stop.bound(self._asker.ask(request))
            if resolution.value != GO_ON:
                raise AgentKitError(
                    f"Stopped at its soft limit: {reached} (limits.soft.{reached.name}).",
                    reason="soft_limit",
                )
            self.meter.go_on(reached)


def _fields(budget: Budget) -> dict[str, float]:
    # The run's own clock holds the hard limit of seconds.
    names = [name for name in Budget.model_fields if name != "seconds" or type(budget) is Budget]
    return {name: value for name in names if (value := getattr(budget, name)) is not None}


def _dollars(value: float) -> str:
    return f"${value:,.4f}".rstrip("0").rstrip(".")
