"""A small MCP server over standard input and output, written on the wire and without the ``mcp`` package.

It is run as a script, with the file into which it writes what it was told as its argument.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
OTHER_PIXEL = PIXEL.replace("8z8BQDwAEhQGAhKmMIQ", "8z8DwHwAFAAH/iZk9HQ")
OBJECT: dict[str, Any] = {"type": "object", "properties": {}}


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    with Path(sys.argv[1]).open("a") as file:
        file.write(text + "\n")


def text(value: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}]}


TOOLS: list[dict[str, Any]] = [
    {
        "name": "echo",
        "description": "Say it again.",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}},
        "annotations": {"readOnlyHint": True},
    },
    {"name": "steps", "inputSchema": OBJECT},
    {"name": "picture", "inputSchema": OBJECT},
    {"name": "mixed", "inputSchema": OBJECT},
    {"name": "pictures", "inputSchema": OBJECT},
    {"name": "sums", "inputSchema": OBJECT},
    {"name": "broken", "inputSchema": OBJECT},
    {"name": "hang", "inputSchema": OBJECT},
    {"name": "die", "inputSchema": OBJECT},
    {"name": "environment", "inputSchema": OBJECT},
    {"name": "grow", "inputSchema": OBJECT},
    {"name": "child", "inputSchema": OBJECT},
    {"name": "dotted.name/of a tool", "inputSchema": OBJECT},
    {"name": "x" * 80, "inputSchema": OBJECT},
    {
        "name": "outside",
        "inputSchema": OBJECT,
        "outputSchema": {**OBJECT, "properties": {"a": {"$ref": "http://127.0.0.1:9/schema"}}},
    },
]


def call(name: str, arguments: dict[str, Any], token: Any) -> dict[str, Any] | None:
    match name:
        case "steps":
            for step in (1, 2, 3):
                params = {
                    "progressToken": token,
                    "progress": step,
                    "total": 3,
                    "message": f"s{step}",
                }
                send({"method": "notifications/progress", "params": params})
            return text("done")
        case "picture":
            return {"content": [{"type": "image", "data": PIXEL, "mimeType": "image/png"}]}
        case "mixed":
            page = {"uri": "doc://a", "mimeType": "text/markdown", "text": "# A"}
            blob = {"uri": "doc://b", "mimeType": "application/pdf", "blob": "AAAA"}
            return {
                "content": [
                    {"type": "text", "text": "first"},
                    {"type": "resource", "resource": page},
                    {"type": "resource", "resource": blob},
                    {"type": "resource_link", "uri": "doc://c", "name": "see", "description": "C"},
                    {"type": "image", "data": PIXEL, "mimeType": "image/png"},
                    {"type": "audio", "data": "AAAA", "mimeType": "audio/wav"},
                    {"type": "audio", "data": "BBBB", "mimeType": "audio/wav"},
                ]
            }
        case "pictures":
            drawing = base64.b64encode(b"<svg></svg>").decode()
            return {
                "content": [
                    {"type": "text", "text": "<b>before</b>"},
                    {"type": "image", "data": PIXEL, "mimeType": "image/png"},
                    {"type": "text", "text": "after"},
                    {"type": "image", "data": OTHER_PIXEL, "mimeType": "image/png"},
                    {"type": "image", "data": drawing, "mimeType": "image/svg+xml"},
                ]
            }
        case "outside":
            return {"content": [], "structuredContent": {"a": 1}}
        case "sums":
            return {"content": [], "structuredContent": {"north": 3, "south": None}}
        case "broken":
            return {**text("no such region"), "isError": True}
        case "die":
            os.write(2, b"out of luck\n")
            os._exit(3)
        case "environment":
            return text(json.dumps(dict(os.environ)))
        case "grow":
            TOOLS.append({"name": "grown", "inputSchema": OBJECT})
            send({"method": "notifications/tools/list_changed"})
            return text("grown")
        case "child":
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            return text(str(child.pid))
        case "hang":
            note("hanging")
            return None
        case _:
            return text(str(arguments.get("text", name)))


def answer(message: dict[str, Any]) -> None:
    method: str = message.get("method", "")
    params: dict[str, Any] = message.get("params") or {}
    if method == "notifications/cancelled":
        note(f"cancelled {params['requestId']}")
    if "id" not in message:
        return
    result: dict[str, Any] | None
    match method:
        case "initialize":
            note(f"hello {os.getpid()}")
            result = {
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "peer", "version": "1"},
            }
        case "tools/list":
            half = int(params.get("cursor") or 0)
            result = {"tools": TOOLS[half : half + 5]}
            if half + 5 < len(TOOLS):
                result["nextCursor"] = str(half + 5)
        case "tools/call":
            if params["name"] == "hang":
                note(f"asked {message['id']}")
            meta: dict[str, Any] = params.get("_meta") or {}
            token = meta.get("progressToken")
            result = call(params["name"], params.get("arguments") or {}, token)
        case "ping":
            result = {}
        case _:
            send({"id": message["id"], "error": {"code": -32601, "message": "unknown"}})
            return
    if result is not None:
        send({"id": message["id"], "result": result})


if __name__ == "__main__":
    time.sleep(float(os.environ.get("PEER_DELAY", "0")))
    for line in sys.stdin:
        answer(json.loads(line))
