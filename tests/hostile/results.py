"""Hostile results of tools: types that somebody's renderer runs, or that are not what they say."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.hostile.corpus import filled

Bundle = dict[str, Any]

_HTML = "<script>@run@</script><img src=@here@ onerror=@run@><img src=@away@/result.png>"
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40"'
    ' height="20" onload="@run@"><script>@run@</script><image href="@away@/svg.png" width="9"'
    ' height="9"/><style>@import "@away@/svg.css";</style><a xlink:href="javascript:@run@"><rect'
    ' width="40" height="20" fill="teal"/></a></svg>'
)
_VEGA = "https://vega.github.io/schema/vega/v5.json"
_LITE = "https://vega.github.io/schema/vega-lite/v5.json"


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _chart(**fields: Any) -> Bundle:
    return {"$schema": _LITE, "mark": "point", "data": {"values": [{"a": 1}]}, **fields}


def _run(task_id: str) -> Bundle:
    call: Bundle = {"tool_call_id": "c", "tool_name": _HTML, "arguments": {}, "runs_in": "kernel"}
    events: list[Bundle] = [{"seq": 1, "step": 1, "ts": "", "event_type": "tool_call", **call}]
    asked = {"request_id": "r", "question": _HTML, "choices": [_HTML]}
    events.append({"seq": 2, "step": 1, "ts": "", "event_type": "input_requested", **asked})
    return {"version": 1, "task_id": task_id, "status": "running", "agent": _HTML, "events": events}


_TEMPLATES: dict[str, list[Bundle]] = {
    # Code that other renderers of JupyterLab run when an output is trusted.
    "code": [
        {"application/javascript": "@run@", "text/plain": "x"},
        {"text/javascript": "@run@", "application/ecmascript": "@run@"},
        {"text/html": ["<scr", "ipt>@run@</scr", "ipt>"]},
        {"text/html": _HTML, "text/plain": _HTML},
        {"text/css": "@import url(@away@/x.css)", "text/plain": "x"},
        {"application/xhtml+xml": f"<html xmlns='http://www.w3.org/1999/xhtml'>{_HTML}</html>"},
        {"text/xml": f'<?xml-stylesheet href="@away@/x.xsl"?><x>{_HTML}</x>'},
    ],
    # Drawings, as text, as base64 and as lines.
    "drawings": [
        {"image/svg+xml": _SVG},
        {"image/svg+xml": [_SVG[:50], _SVG[50:]], "text/plain": "x"},
        {"image/svg+xml": "BASE64:" + _SVG},
        {"image/svg+xml": "<svg><foreignObject>" + _HTML + "</foreignObject></svg>"},
        {"image/svg+xml": 'x" onerror="@run@" y="<svg'},
        {"image/svg+xml; charset=utf-8": _SVG, "IMAGE/SVG+XML": _SVG},
    ],
    # Pictures and media that are something else, or an address.
    "media": [
        {"image/png": "BASE64:" + _HTML},
        {"image/png": '"><script>@run@</script>'},
        {"image/png": 'AAAA" onerror="@run@'},
        {"image/jpeg": "@away@/x.jpg"},
        {"image/gif": ["R0lG", '" onload="@run@']},
        {'image/png" onerror="@run@': "AAAA"},
        {"image/x-icon": "BASE64:" + _HTML, "image/bmp": "@away@/x.bmp"},
        {"video/mp4": "@away@/x.mp4", "text/plain": "x"},
        {"video/mp4": "BASE64:" + _HTML},
        {"audio/wav": "@away@/x.wav", "audio/mpeg": "BASE64:x"},
        {"application/pdf": "BASE64:%PDF-1.4 /OpenAction << /S /JavaScript /JS (@run@) >>"},
        {"application/pdf": "@away@/x.pdf", "text/plain": "x"},
    ],
    # A widget, or a run, of somebody else: buttons of its own in this run's trace.
    "views": [
        {"application/vnd.jupyter.widget-view+json": {"model_id": "x@here@", "version_major": 2}},
        {"application/vnd.jupyter.widget-state+json": {"state": {"x": {"model_module": "@away@"}}}},
        {"application/vnd.agentkit.trace+json": _run("nested"), "text/plain": "x"},
        {"application/vnd.agentkit.traces+json": {"version": 1, "traces": [_run("among")]}},
        {"application/vnd.agentkit.edit+json": {"path": _HTML, "cell_id": _HTML, "before": _HTML}},
        {"application/vnd.jupyterlab.notebook+json": {"cells": [{"source": "@run@"}]}},
    ],
    # Charts whose description names data, pictures, settings and links that are fetched.
    "charts": [
        {"application/vnd.vegalite.v5+json": _chart(data={"url": "@away@/d.csv"})},
        {
            "application/vnd.vegalite.v5+json": _chart(data={"url": "@here@/d.json"}),
            "text/plain": "x",
        },
        {"application/vnd.vegalite.v5+json": _chart(mark={"type": "image", "url": "@away@/m.png"})},
        {
            "application/vnd.vegalite.v5+json": _chart(
                usermeta={"embedOptions": {"config": "@away@/c.json", "patch": "@away@/p.json"}}
            )
        },
        {
            "application/vnd.vegalite.v5+json": _chart(
                mark={
                    "type": "point",
                    "href": "javascript:@run@",
                    "tooltip": {"expr": "'" + _HTML + "'"},
                }
            )
        },
        {
            "application/vnd.vega.v5+json": {
                "$schema": _VEGA,
                "data": [{"name": "d", "url": "@away@/v.json"}],
                "marks": [
                    {"type": "image", "encode": {"enter": {"url": {"value": "@away@/v.png"}}}}
                ],
                "signals": [
                    {"name": "s", "update": "@run@", "init": "toString.constructor('@run@')()"}
                ],
            }
        },
        {
            "application/vnd.vegalite.v4+json": json.dumps(_chart(data={"url": "@away@/4.json"})),
            "application/vnd.vegalite.v6+json": _chart(data={"url": "@away@/6.json"}),
        },
        {
            "application/vnd.plotly.v1+json": {
                "data": [{"x": [_HTML], "text": "@away@"}],
                "layout": {},
            }
        },
        {
            "application/vnd.bokehjs_load.v0+json": "@run@",
            "application/vnd.bokehjs_exec.v0+json": "@run@",
        },
        {"application/vnd.holoviews_load.v0+json": "@run@"},
        {
            "application/geo+json": {
                "type": "FeatureCollection",
                "url": "@away@/tiles/{z}/{x}/{y}.png",
            }
        },
        {
            "application/vnd.dataresource+json": {
                "schema": {"fields": [{"name": _HTML}]},
                "data": [{}],
            }
        },
    ],
    # Text that a renderer makes more of than text.
    "texts": [
        {"text/markdown": f"# x\n\n{_HTML}\n\n![x](@away@/md.png) [y](javascript:@run@)"},
        {"text/latex": r"$$\href{javascript:@run@}{x}$$<img src=@here@ onerror=@run@>"},
        {"text/vnd.mermaid": 'graph LR\nA@{ img: "@away@/m.png" }\nA["<img src=@away@/n.png>"]'},
        {
            "text/vnd.mermaid": '%%{init: {"themeCSS": "@import url(@away@/t.css);"}}%%\ngraph LR\nA-->B'
        },
        {"application/json": {_HTML: [_HTML], "__proto__": {"polluted": 1}, "constructor": _HTML}},
        {"application/vnd.jupyter.stdout": "\x1b]8;;javascript:@run@\x07x", "text/plain": _HTML},
        {"application/vnd.jupyter.stderr": f"\x1b[31m{_HTML}"},
        {"application/vnd.jupyter.error": {"ename": _HTML, "evalue": _HTML, "traceback": [_HTML]}},
        {"text/plain": f"\x1b]8;;@away@\x07{_HTML}\x1b]8;;\x07 http://canary.example/x"},
    ],
    # Names and values of other types than a bundle has.
    "shapes": [
        {"__proto__": {"text/html": _HTML}, "constructor": {"prototype": {"polluted": 1}}},
        {_HTML: _HTML, "text/": _HTML, "/html": _HTML, "": _HTML},
        {"text/html": {"toString": _HTML}, "text/plain": [[_HTML]], "image/png": 5},
        {"text/html;x=<script>": _HTML, "Text/HTML": _HTML, " text/html": _HTML},
    ],
}


def _fill(value: Any, number: int) -> Any:
    if isinstance(value, str):
        encoded = value.startswith("BASE64:")
        text = filled(value.removeprefix("BASE64:"), number)
        return _b64(text) if encoded else text
    if isinstance(value, list):
        return [_fill(each, number) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {_fill(name, number): _fill(each, number) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value


RESULTS: tuple[tuple[str, Bundle], ...] = tuple(
    (kind, _fill(bundle, 1000 + number))
    for number, (kind, bundle) in enumerate(
        (kind, bundle) for kind, bundles in _TEMPLATES.items() for bundle in bundles
    )
)
"""Their class and the bundle; numbered from 1000 in what they run and fetch."""
