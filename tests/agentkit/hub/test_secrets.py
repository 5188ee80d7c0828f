"""Secrets of every kind, by every way into a run: none is stored, sent, logged, shown or exported."""

from __future__ import annotations

import html
import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest

from agentkit.core.masked_log import MaskedLog, mask_log
from agentkit.core.protocol import AgentConfig, StartTask, TaskStatus
from agentkit.core.redaction import Redactor
from agentkit.errors import InvalidInput, ProviderUnavailable
from agentkit.hub.hub import Hub
from agentkit.llm.protocol import ThinkingPiece, ToolCall
from agentkit.tools.builtin.ask_user import AskUser
from agentkit.tools.bundle import to_bundle
from agentkit.tools.protocol import Resolution, ToolContext, ToolResult
from agentkit.trace.bundle import to_bundle as outputs_of
from agentkit.trace.document import build_trace
from agentkit.trace.export import FORMS, exported
from agentkit.trace.plain import to_text
from tests.agentkit.core.test_redaction import BODY, SAID, UPPER
from tests.agentkit.hosting import Screen, ended, running, stored, watch
from tests.agentkit.running import AsyncTool, text, until

CONFIGURED = "configured+value/with=signs"
FROM_ENVIRONMENT = "from-the-environment"

SECRETS = {
    "configured": CONFIGURED,
    "environment": FROM_ENVIRONMENT,
    "openai": f"sk-proj-{BODY}",
    "anthropic": f"sk-ant-api03-{BODY}",
    "github": f"ghp_{BODY[:36]}",
    "github fine-grained": f"github_pat_{BODY[:22]}_{BODY}",
    "gitlab": f"glpat-{BODY[:20]}",
    "aws": f"AKIA{UPPER}",
    "google": f"AIza{BODY[:35]}",
    "hugging face": f"hf_{BODY[:34]}",
    "slack": f"xoxb-1234567890-{BODY[:24]}",
    "stripe": f"sk_live_{BODY[:24]}",
    "npm": f"npm_{BODY[:36]}",
    "pypi": f"pypi-AgEIcHlwaS5vcmc{BODY}",
    "jwt": f"eyJhbGciOiJIUzI1NiJ9.{BODY}.{BODY[:40]}",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----",
    "database": f"postgresql://ana:{SAID}@db.example.org/sales",
    "named": f'{{"client_secret": "{SAID}"}}',
    "query": f"https://example.org/?access_token={SAID}",
}


def traces_of(secret: str) -> list[str]:
    """What must be found nowhere: the secret's own part, as it is and as it looks elsewhere."""
    whole = next((each for each in (BODY[:16], SAID, UPPER) if each in secret), secret)
    return list(dict.fromkeys((whole, json.dumps(whole)[1:-1], quote(whole), html.escape(whole))))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    logger, written = logging.getLogger("agentkit"), io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)
    for each in [each for each in logger.filters if isinstance(each, MaskedLog)]:
        logger.removeFilter(each)


def redactor() -> Redactor:
    return Redactor([CONFIGURED], {"MY_TOKEN": FROM_ENVIRONMENT, "HOME": "/home/ana"})


class Leaky(AsyncTool):
    """Gives the secret away in whatever it can."""

    asks_because = ""

    async def preview(self, arguments: dict[str, Any], context: ToolContext) -> dict[str, Any]:
        return {"text/markdown": f"would send `{arguments['plain']}`"}


def leaky(secret: str) -> Leaky:
    class Shown:
        def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
            return {
                "text/plain": secret,
                "text/html": f"<p>{html.escape(secret)}</p>",
                "text/markdown": f"`{secret}`",
                "text/latex": secret,
                "image/svg+xml": f"<svg><text>{html.escape(secret)}</text></svg>",
                "application/json": {"deep": [{"er": secret}], secret: 1},
                "application/vnd.dataresource+json": {"data": [{"a": secret}]},
                "application/vnd.agentkit.edit+json": {
                    "path": secret, "cell_id": "c", "before": secret, "after": f"{secret}2"
                },
            }  # fmt: skip

    async def call(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        context.progress(1, 2, f"sending {secret}")
        context.warn(f"careful with {secret}", "truncated")
        match arguments.get("how"):
            case "table":
                table = pd.DataFrame({"a": [secret], f"of {secret}": [1]})
                return ToolResult("success", to_bundle(table))
            case "raise":
                raise ValueError(f"cannot use {secret}")
            case _:
                return ToolResult("success", to_bundle(Shown()), note=f"note {secret}")

    tool = Leaky("leak", call)
    tool.asks_because = f"It sends {secret}."
    return tool


ASKED = {
    "question": "Which account?",
    "answer_schema": {
        "type": "object",
        "properties": {"user": {"type": "string"}, "pin": {"type": "string", "format": "password"}},
    },
}


def arguments(secret: str, **more: str) -> dict[str, Any]:
    return {
        "plain": secret,
        "nested": [{"deep": [secret, json.dumps({"x": secret})]}],
        "url": f"https://example.org/?q={quote(secret)}",
        secret: "as a name",
        **more,
    }


async def everything(hub: Hub, screens: list[Screen], log: io.StringIO) -> dict[str, str]:
    """All that anybody can see of the hub's tasks, by where."""
    seen: dict[str, str] = {"log": log.getvalue()}
    for number, screen in enumerate(screens):
        seen[f"sent {number}"] = json.dumps(screen.frames, ensure_ascii=False)
        for kind in ("message", "thinking"):
            seen[f"streamed {kind} {number}"] = "".join(
                event["delta"] for event in screen.events if event["event_type"] == f"{kind}_delta"
            )
    for summary in await hub.summaries():
        events = await stored(hub, summary.task_id)
        trace = build_trace(summary, events)
        seen[f"stored {summary.task_id}"] = json.dumps(events, ensure_ascii=False)
        seen["summary"] = summary.model_dump_json()
        seen["terminal"] = to_text(trace)
        seen["output"] = json.dumps(outputs_of(trace), ensure_ascii=False)
        for form in FORMS:
            seen[f"{form} {summary.task_id}"] = exported(trace, form)
    return seen


@pytest.mark.parametrize("kind", SECRETS)
async def test_no_secret_leaves_a_run_by_any_way(kind: str, log: io.StringIO) -> None:
    secret = SECRETS[kind]
    calls = [
        ToolCall("1", "leak", arguments(secret)),
        ToolCall("2", "leak", arguments(secret, how="table")),
        ToolCall("3", "leak", arguments(secret, how="raise")),
    ]
    turns = [
        [*map(ThinkingPiece, f"Thinking of {secret}."), *f"I use {secret} ", *calls],
        [ToolCall("4", "ask_user", {**ASKED, "question": f"Is it {secret}?"})],
        [f"and {secret}", ProviderUnavailable(f"refused {secret}")],
        [*f"The answer is {secret}."],
        [f"Again: {secret}"],
    ]
    mask_log(redactor())
    tools = [leaky(secret), AskUser()]
    async with running(*turns, tools=tools, redactor=redactor()) as hub:
        policy = {"leak": "ask"}
        hub.register(AgentConfig.model_validate({"name": "analyst", "policy": policy}))
        task = await hub.start(StartTask(task_id="t", input=f"Use {secret}"))
        screens = [Screen(), Screen()]
        watching = [watch(hub, task, screens[0]), watch(hub, task, screens[1], batch=True)]
        await until(lambda: len(task.summary.open_requests) == 3)
        for request in ("r2", "r3"):
            await hub.answer("t", request, Resolution("approve", by=f"Ada {secret}"))
        instead = {"arguments": arguments(secret, how="other"), "always": True}
        await hub.answer("t", "r1", Resolution("approve", instead, by="Ada"))
        await until(lambda: task.summary.open_requests == ("r4",))
        await hub.answer("t", "r4", Resolution("answer", {"user": secret, "pin": "x" * 9}))
        await ended(task)
        for each in watching:
            await each
        more = await hub.start(StartTask(task_id="u", input=f"And {secret}?", follows="t"))
        await ended(more)
        late = Screen()
        await watch(hub, task, late)
        logging.getLogger("agentkit").error("It was %s", secret)
        seen = await everything(hub, [*screens, late], log)
    types = {event["event_type"] for event in screens[0].events}
    assert {
        "tool_progress",
        "warning",
        "request_resolved",
        "thinking_delta",
        "message_delta",
    } <= types
    found = [
        f"{where}: …{text[max(0, text.index(part) - 80) : text.index(part) + 40]}…"
        for where, text in seen.items()
        for part in traces_of(secret)
        if part in text
    ]
    assert found == []


@pytest.mark.parametrize("kind", SECRETS)
async def test_no_secret_leaves_a_run_that_is_denied_or_fails(kind: str, log: io.StringIO) -> None:
    secret = SECRETS[kind]
    turns = [[ToolCall("1", "leak", arguments(secret))], InvalidInput(f"No: {secret}")]
    mask_log(redactor())
    async with running(*turns, tools=[leaky(secret)], redactor=redactor()) as hub:
        hub.register(AgentConfig.model_validate({"name": "analyst", "policy": {"leak": "ask"}}))
        task = await hub.start(StartTask(task_id="t", input="?"))
        screen = Screen()
        watching = watch(hub, task, screen)
        await until(lambda: len(task.summary.open_requests) == 1)
        await hub.answer("t", "r1", Resolution("deny", f"Not {secret}", by="Ada"))
        await ended(task)
        await watching
        seen = await everything(hub, [screen], log)
    assert task.summary.status is TaskStatus.FAILED
    for where, said in seen.items():
        assert [part for part in traces_of(secret) if part in said] == [], where


@pytest.mark.parametrize("typed", ["Pin4", "a much longer one", 'wörd "quoted"'])
async def test_what_is_typed_into_a_field_for_secrets_is_masked_from_then_on(typed: str) -> None:
    given: list[dict[str, Any]] = []

    async def take(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        given.append(arguments)
        return text(f"logged in with {arguments['p']}")

    turns = [
        [ToolCall("1", "ask_user", ASKED)],
        [ToolCall("2", "login", {"p": typed})],
        [*f"Your pin is {typed}."],
    ]
    tools = [AskUser(), AsyncTool("login", take)]
    async with running(*turns, tools=tools, redactor=redactor()) as hub:
        policy = {"login": "ask"}
        hub.register(AgentConfig.model_validate({"name": "analyst", "policy": policy}))
        task = await hub.start(StartTask(task_id="t", input="?"))
        screen = Screen()
        watching = watch(hub, task, screen)
        await until(lambda: task.summary.open_requests == ("r1",))
        answer = Resolution("answer", {"user": "ana", "pin": typed}, by="Ada")
        await hub.answer("t", "r1", answer)
        await until(lambda: task.summary.open_requests == ("r2",))
        asked = next(e for e in await stored(hub) if e["event_type"] == "approval_requested")
        # Sent back as it was shown, the call is made with what was typed.
        await hub.answer("t", "r2", Resolution("approve", {"arguments": asked["arguments"]}))
        await ended(task)
        await watching
        seen = json.dumps([screen.frames, await stored(hub)], ensure_ascii=False)
    assert given == [{"p": typed}]
    assert typed not in seen
    assert json.dumps(typed)[1:-1] not in seen
    assert '"user": "ana"' in seen
    assert task.summary.result == "Your pin is [secret]."


def test_a_traceback_in_the_log_is_masked(log: io.StringIO) -> None:
    mask_log(Redactor(["unrelated-secret"], {}))
    mask_log(redactor())
    logger = logging.getLogger("agentkit")
    try:
        raise ValueError(f"cannot use {CONFIGURED}")
    except ValueError:
        logger.exception("Failed with %s", SECRETS["github"])
    logger.error("Nothing to hide in %d", 3)
    written = log.getvalue()
    assert "ValueError: cannot use [secret]" in written
    assert "Failed with ghp_[secret]" in written
    assert "Nothing to hide in 3" in written
    assert sum(isinstance(each, MaskedLog) for each in logger.filters) == 1
