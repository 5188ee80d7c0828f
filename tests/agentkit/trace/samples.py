"""Traces to test with: the samples that the page's tests read too, and what hostile ones are made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parents[2] / "samples"
STEPS: dict[str, int] = json.loads((SAMPLES / "told" / "steps.json").read_text(encoding="utf-8"))
"""How many steps people are told that each has."""
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))


def sample(name: str) -> dict[str, Any]:
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def event(seq: int, event_type: str, **payload: Any) -> dict[str, Any]:
    ts = f"2026-11-23T13:{seq // 60 % 60:02}:{seq % 60:02}.000+00:00"
    return {"seq": seq, "step": 1 + seq // 10, "ts": ts, "event_type": event_type, **payload}


def call(seq: int, content: dict[str, Any], **other: Any) -> list[dict[str, Any]]:
    """A call of a tool and its result."""
    asked = {"tool_name": "region_total", "arguments": {"region": "North"}, "runs_in": "kernel"}
    ended = {"outcome": "success", "content": content, "duration_ms": 400.0}
    for name, value in other.items():
        (asked if name in asked else ended)[name] = value
    return [
        event(seq, "tool_call", tool_call_id=f"c{seq}", **asked),
        event(seq + 1, "tool_result", tool_call_id=f"c{seq}", **ended),
    ]


def trace(*events: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "task_id": "t1",
        "agent": "analyst",
        "input": "Which region grew most?",
        "status": "completed",
        "simulated": False,
        "started_at": "2026-11-23T13:00:00.000+00:00",
        "finished_at": "2026-11-23T13:00:12.000+00:00",
        "usage": None,
        "result": "North did.",
        "error": None,
        "events": list(events),
        **fields,
    }


EVERY_EVENT_WITH = """
run_started agent input model provider|thinking message_id text|message message_id text|
tool_call tool_call_id tool_name arguments runs_in|tool_progress tool_call_id message|
tool_result tool_call_id outcome content error|approval_requested request_id tool_call_id reason|
request_resolved request_id decision value by|input_requested request_id question choices|
usage provider model|warning message reason|final_answer text|run_finished status error|made_up text
"""


def hostile(text: str) -> dict[str, Any]:
    """A trace with ``text`` in every place that holds text."""
    bundle = {
        "text/plain": text,
        "text/html": f"<table><tr><td>{text}</td></tr></table>",
        "image/png": text,
        "application/json": {text: text},
        text: text,
    }
    special = {
        "arguments": {text: text, "nested": [text]},
        "content": bundle,
        "error": {"message": text, "reason": text},
        "choices": [text],
    }
    keys = {"tool_call_id": "c", "request_id": "r", "decision": "approve", "outcome": "failed"}
    events: list[dict[str, Any]] = []
    for line in EVERY_EVENT_WITH.strip().split("|"):
        event_type, *names = line.split()
        payload = {name: keys.get(name, special.get(name, text)) for name in names}
        events.append(event(len(events) + 1, event_type, **payload))
    html_only = {"text/html": text}
    edit = {"path": text, "cell_id": text, "before": text, "after": f"{text}\n{text}"}
    events += call(46, {"application/vnd.agentkit.edit+json": edit})
    instead = {"arguments": {text: text}, "always": True}
    asked = {"request_id": "r2", "tool_call_id": "c2", "arguments": {"a": "b", text: 1}}
    events.append(event(48, "approval_requested", tool_name=text, reason=text, **asked))
    closed = {"request_id": "r2", "decision": "approve", "value": instead, "by": text}
    events.append(event(49, "request_resolved", **closed))
    events += call(40, html_only) + call(42, {"image/svg+xml": f"<svg>{text}</svg>"})
    events += call(44, {"text/plain": text}, outcome="denied", error={"message": text})
    return trace(
        *events,
        agent=text,
        input=text,
        status=text,
        started_at=text,
        finished_at=text,
        result=text,
        error={"message": text, "reason": text},
    )


ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</pre></div></details><iframe src=javascript:alert(1)></iframe>",
    "<a href=\"javascript:alert(1)\" onclick='alert(1)' style='position:fixed'>x</a>",
    "[x](javascript:alert(1)) ![y](https://evil.example/?q=1) <https://evil.example>",
    "[x](  JaVaScRiPt:alert(1) 'onmouseover=\"alert(1)\"') [y](data:text/html;base64,PHN2Zz4=)",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.example><meta http-equiv=refresh>",
    "<table><tr><td onclick=alert(1) style=x colspan='2\" onload=\"y'>cell</table></div>",
    '<math><mtext></table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=a()&gt;">',
    "<!--><script>alert(1)</script>--><!DOCTYPE x><?php x ?><![CDATA[<script>]]>",
    "```\n</code></pre><script>alert(1)</script>\n```\n\n~~~\n```\n<b onclick=x>",
    "&lt;script&gt; &#60;script&#62; \x00<scr\x00ipt>\ud800\u202e",
    "<details open ontoggle=alert(1)><summary>x</summary>",
    "<form action=//evil.example><input name=password><button formaction=javascript:x>Go</button>",
    "x" * 300 + "<img src=x onerror=y>" * 50,
    "<" * 3000,
    "<table>" * 200 + "<b>" * 200,
]
