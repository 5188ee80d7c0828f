"""Consent: what policies say of a call, and a tool that acts on it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, cast

from agentkit.core.events import ApprovalRequested
from agentkit.core.protocol import Policy, Rule, ToolSpec, Verdict
from agentkit.core.requests import Consent
from agentkit.errors import InvalidInput
from agentkit.tools.protocol import Resolution, Tool, ToolContext, ToolResult

NOT_REPEATED = "not_repeated"
"""The reason of a call of which it is not known whether it ran, and that was not run again."""

_MAY_HAVE_RUN = "It may have run already: the run was stopped before this call had a result."
_UNKNOWN = (
    "It is not known whether this call ran when the run was stopped, and it was not run again."
)

_Entries = tuple[Verdict | tuple[Rule, ...], ...]
"""What one policy says of one tool, the first that fits decides."""


def _entries(policy: Policy, name: str) -> _Entries:
    patterns = [name] if name in policy else []
    patterns += [each for each in policy if each != name and fnmatchcase(name, each)]
    return tuple(policy[pattern] for pattern in patterns)


def _said(entries: _Entries, arguments: Mapping[str, Any]) -> Verdict | None:
    for entry in entries:
        if not isinstance(entry, tuple):
            return entry
        for rule in entry:
            if all(_fits(arguments, key, glob) for key, glob in rule.when.items()):
                return rule.then
    return None


def _fits(arguments: Mapping[str, Any], name: str, pattern: str) -> bool:
    if name not in arguments:
        return False
    value = arguments[name]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return fnmatchcase(text, pattern)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A call that was begun, and nobody knows what it did."""

    name: str
    arguments: dict[str, Any]


@dataclass(slots=True)
class GuardedTool(Tool):
    """A tool whose calls need what the policies say. Made anew for each run.

    Attributes
    ----------
    entries
        What the policies say of it, from the widest (the server's) to the narrowest (the agent's). The
        narrowest that speaks of a call decides, but what the widest denies stays denied. Where none
        speaks, the tool's own policy counts.
    always
        Somebody has consented to all further calls of this run.
    doubts
        Arguments of calls that an earlier run began, and nobody knows what they did. Where the tool has
        side effects, such a call is not run again without consent.
    """

    tool: Tool
    entries: Sequence[_Entries]
    always: bool = False
    doubts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def spec(self) -> ToolSpec:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The tool's."""
        return self.tool.spec

    @property
    def runs_in(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The tool's."""
        return self.tool.runs_in

    @property
    def grace(self) -> float | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The tool's."""
        return self.tool.grace

    @property
    def side_effects(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The tool's."""
        return self.tool.side_effects

    def verdict(self, arguments: Mapping[str, Any]) -> Verdict:
        """What may be done with a call."""
        said: list[Verdict | None] = [_said(entries, arguments) for entries in self.entries]
        if said and said[0] == "deny":
            return "deny"
        for each in reversed(said):
            if each is not None:
                return each
        return self.tool.policy

    def needs_approval(self, arguments: dict[str, Any]) -> bool:
        """Whether ``call`` will ask."""
        said = self.verdict(arguments)
        if self._may_have_run(arguments):
            return said != "deny"
        return not self.always and said == "ask"

    def forbids(self, arguments: dict[str, Any]) -> bool:
        """Whether the policies deny it."""
        return self.verdict(arguments) == "deny"

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Run the tool if it may; a call that may not run ends as ``denied``."""
        name = self.spec.name
        said = self.verdict(arguments)
        if said == "deny":
            return ToolResult.denied(f"A policy forbids {name} with these arguments.", "forbidden")
        doubted = self._may_have_run(arguments)
        if not doubted and (said == "allow" or self.always):
            return await self._run(arguments, context)
        preview = await self.tool.preview(arguments, context)
        because = self.tool.asks_because or f"A policy asks before {name} runs."
        if doubted:
            because = f"{_MAY_HAVE_RUN} {because}" if said == "ask" else _MAY_HAVE_RUN
        resolution = await context.request(
            ApprovalRequested(
                request_id="",
                tool_call_id=context.tool_call_id,
                tool_name=name,
                arguments=arguments,
                reason=because,
                preview=preview,
            )
        )
        if resolution.decision != "approve":
            return _refused(resolution, doubted)
        if doubted:
            self.doubts.remove(arguments)
        consent = Consent.model_validate(resolution.value or {})
        self.always = self.always or consent.always
        if consent.arguments is None or consent.arguments == arguments:
            return await self._run(arguments, context)
        if self.verdict(consent.arguments) == "deny":
            return ToolResult.denied(
                f"A policy forbids {name} with the edited arguments.", "forbidden"
            )
        result = await self._run(consent.arguments, context)
        return _with_note(result, consent.arguments)

    def _may_have_run(self, arguments: Mapping[str, Any]) -> bool:
        if not self.doubts:
            return False
        may_not_repeat = self.tool.side_effects or self.verdict(arguments) == "ask"
        return may_not_repeat and arguments in self.doubts

    async def _run(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        if self.tool.side_effects:
            # Else a server that dies now would leave no trace of a call that has done something.
            await context.stored()
        return await self.tool.call(arguments, context)


def _refused(resolution: Resolution, doubted: bool) -> ToolResult:
    if doubted:
        said = f" They said: {resolution.value}" if resolution.value else ""
        return ToolResult.denied(f"{_UNKNOWN}{said}", NOT_REPEATED)
    if resolution.decision == "expired":
        return ToolResult.denied("Nobody answered in time, so it was not run.", "expired")
    because = f" They said: {resolution.value}" if resolution.value else ""
    if resolution.by == "on_ask":
        return ToolResult.denied(f"It was not run. {resolution.value}", "denied")
    return ToolResult.denied(f"The user denied this call.{because}", "denied")


def _with_note(result: ToolResult, arguments: Mapping[str, Any]) -> ToolResult:
    """Tell the model what was run in truth; it only knows what it had asked for."""
    text = json.dumps(arguments, ensure_ascii=False, default=str)
    note = f"The user changed the arguments before the call ran: {text}"
    result.note = note if result.note is None else f"{result.note}\n{note}"
    return result


def check_edited(
    policies: Sequence[Policy], request: ApprovalRequested, resolution: Resolution
) -> None:
    """Refuse an approval whose edited arguments a policy denies, before anybody acts on it.

    Who runs the call elsewhere, such as a notebook, begins as soon as it is told of the approval.

    Raises
    ------
    InvalidInput
        The message says what to do; the request stays open.
    """
    value = resolution.value
    if resolution.decision != "approve" or not isinstance(value, dict):
        return
    edited = cast("dict[str, Any]", value).get("arguments")
    if not isinstance(edited, dict):
        return
    name, arguments = request.tool_name, cast("dict[str, Any]", edited)
    said = [_said(_entries(policy, name), arguments) for policy in policies]
    if said[0] == "deny" or next((each for each in reversed(said) if each), None) == "deny":
        raise InvalidInput(
            f"A policy forbids {name} with the edited arguments: change them, or deny the call.",
            reason="forbidden",
        )


def guarded(
    tools: Sequence[Tool], policies: Sequence[Policy], doubts: Iterable[Doubt] = ()
) -> list[Tool]:
    """The tools of one run behind its policies, and behind what is not known of an earlier one."""
    begun: dict[str, list[dict[str, Any]]] = {}
    for doubt in doubts:
        begun.setdefault(doubt.name, []).append(doubt.arguments)
    return [
        cast(
            "Tool",
            GuardedTool(
                tool,
                [_entries(policy, tool.spec.name) for policy in policies],
                doubts=begun.get(tool.spec.name, []),
            ),
        )
        for tool in tools
    ]
