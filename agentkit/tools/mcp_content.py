"""What an MCP tool returned, as a tool's result.

It is read from its JSON form, which is the same in every version of the ``mcp`` package.
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, cast

from agentkit.core.protocol import MimeBundle
from agentkit.tools.protocol import ToolResult

Block = Mapping[str, Any]


_BITMAPS = ("image/png", "image/jpeg", "image/webp", "image/gif")


def to_result(answer: Mapping[str, Any]) -> ToolResult:
    """Turn a ``CallToolResult`` into a result.

    Text is ``text/plain``, structured content ``application/json``; pictures, sound and embedded
    resources stand under their own types. A bundle holds one value a type. So of several pictures the
    first is there as such, for models that take pictures, and ``text/html`` shows all of them between
    the texts, in order; of anything else that there are more of, the text says so.
    """
    parts = _Parts()
    for block in cast("Sequence[Block]", answer.get("content") or ()):
        match block.get("type"):
            case "text":
                parts.say(str(block["text"]))
            case "image" | "audio":
                parts.keep_blob(str(block["mimeType"]), str(block["data"]))
            case "resource":
                _embedded(cast("Block", block["resource"]), parts)
            case "resource_link":
                parts.say(_link(block))
            case kind:
                parts.say(f"[content of the unknown type {kind!r}]")
    bundle = parts.bundle(answer.get("structuredContent"))
    if answer.get("isError"):
        return ToolResult.failed(str(bundle["text/plain"]), "mcp_tool_failed", bundle)
    return ToolResult("success", bundle)


class _Parts:
    """The parts of an answer, in order."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._pictures: list[tuple[str, str]] = []
        self._html: list[str] = []
        self._bundle: MimeBundle = {}
        self._more: dict[str, int] = {}

    def say(self, text: str) -> None:
        if text:
            self._texts.append(text)
            self._html.append(f"<pre>{escape(text)}</pre>")

    def keep(self, mime: str, value: Any) -> None:
        if mime in self._bundle:
            self._more[mime] = self._more.get(mime, 0) + 1
        else:
            self._bundle[mime] = value

    def keep_blob(self, mime: str, data: str) -> None:
        if mime == "image/svg+xml":
            self.keep(mime, _decoded(data))
        elif mime in _BITMAPS:
            data = "".join(data.split())
            self._pictures.append((mime, data))
            alt = f"Picture {len(self._pictures)}"
            self._html.append(f'<p><img src="data:{mime};base64,{escape(data)}" alt="{alt}"></p>')
        else:
            self.keep(mime, data)

    def bundle(self, structured: Any) -> MimeBundle:
        bundle, texts = self._bundle, self._texts
        if self._pictures:
            mime, data = self._pictures[0]
            bundle[mime] = data
        if structured is not None:
            bundle["application/json"] = structured
            if not texts:
                texts.append(json.dumps(structured, ensure_ascii=False))
        if len(self._pictures) > 1:
            page = bundle.get("text/html")
            shown = [each for each in self._html if page is None or not each.startswith("<pre>")]
            bundle["text/html"] = "\n".join([*([page] if page else []), *shown])
            texts.append(f"[{len(self._pictures)} pictures; a model is given the first]")
        texts += [f"[{count} more of type {mime}, not shown]" for mime, count in self._more.items()]
        if not texts:
            texts += [f"[{mime}]" for mime in bundle] or ["(no content)"]
        return {**bundle, "text/plain": "\n\n".join(texts)}


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data).decode()
    except ValueError:  # it is no base64: some servers send drawings as the text that they are
        return data


def _embedded(resource: Block, parts: _Parts) -> None:
    uri = str(resource.get("uri", ""))
    mime = str(resource.get("mimeType") or "")
    if "text" in resource:
        text = str(resource["text"])
        parts.say(f"{uri}\n{text}")
        if mime == "application/json":
            # What is no JSON that could be stored and sent again is a text like any other.
            with contextlib.suppress(ValueError, RecursionError):
                parts.keep(mime, json.loads(text, parse_constant=_finite, parse_float=_finite))
        elif mime not in ("", "text/plain") and "/" in mime:
            parts.keep(mime, text)
        return
    blob = str(resource.get("blob", ""))
    mime = mime or "application/octet-stream"
    parts.say(f"[{uri}: {mime}, {len(blob) * 3 // 4:,} bytes]")
    if mime.startswith(("image/", "audio/")):
        parts.keep_blob(mime, blob)


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is no number of JSON")
    return value


def _link(block: Block) -> str:
    parts = [str(block.get(key)) for key in ("title", "description") if block.get(key)]
    return " – ".join([str(block.get("name") or ""), *parts]) + f" <{block.get('uri', '')}>"
