"""What a notebook's agent may do unasked: its own words, and behind them its tools'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from pydantic import TypeAdapter

from agentkit.core.protocol import Policy, Rule, Verdict
from agentkit.server.input import checked
from agentkit.tools.protocol import Tool

_POLICY = TypeAdapter(Policy)
_VERDICT = TypeAdapter(Verdict)


def checked_verdict(given: object) -> Verdict:
    """``"allow"``, ``"ask"`` or ``"deny"``."""
    __tracebackhide__ = True
    return checked(_VERDICT, given, "policy", "invalid_input")


def agent_policy(given: Mapping[str, Any] | None, tools: Iterable[Tool]) -> Policy:
    """The policy of an agent: ``given``, and each tool's own where ``given`` does not speak of a call.

    Raises
    ------
    InvalidInput
        ``given`` is none; the message names the rule.
    """
    __tracebackhide__ = True
    policy = checked(_POLICY, {} if given is None else given, "policy", "invalid_input")
    own: Policy = {}
    for tool in tools:
        if tool.policy == "allow":
            continue  # as where nobody speaks of it
        rules = _rules(policy, tool.spec.name)
        if rules is not None:
            last = Rule(then=tool.policy)
            own[tool.spec.name] = (*rules, last) if rules else tool.policy
    return {**policy, **own}


def _rules(policy: Policy, name: str) -> tuple[Rule, ...] | None:
    """The rules for a tool in the order in which they count; ``None`` when they speak of every call."""
    patterns = [name] if name in policy else []
    patterns += [each for each in policy if each != name and fnmatchcase(name, each)]
    rules: list[Rule] = []
    for entry in (policy[pattern] for pattern in patterns):
        if not isinstance(entry, tuple):
            return None
        rules += entry
    return tuple(rules)
