"""What an MCP tool returned, as a tool's result.

It is read from its JSON form, which is the same in every version of the ``mcp`` package.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from agentkit.core.protocol import MimeBundle
from agentkit.tools.protocol import ToolResult

Block = Mapping[str, Any]


def to_result(answer: Mapping[str, Any]) -> ToolResult:
    """Turn a ``CallToolResult`` into a result.

    Text is ``text/plain``, structured content ``application/json``; pictures, sound and embedded
    resources stand under their own types. A bundle holds one value a type: of several of one type, the
    text says that there are more.
    """
    texts: list[str] = []
    bundle: MimeBundle = {}
    left_out: dict[str, int] = {}

    def keep(mime: str, value: Any) -> None:
        if mime in bundle:
            left_out[mime] = left_out.get(mime, 0) + 1
        else:
            bundle[mime] = value

    for block in cast("Sequence[Block]", answer.get("content") or ()):
        match block.get("type"):
            case "text":
                texts.append(str(block["text"]))
            case "image" | "audio":
                keep(str(block["mimeType"]), str(block["data"]))
            case "resource":
                texts.append(_embedded(cast("Block", block["resource"]), keep))
            case "resource_link":
                texts.append(_link(block))
            case kind:
                texts.append(f"[content of the unknown type {kind!r}]")
    structured = answer.get("structuredContent")
    if structured is not None:
        bundle["application/json"] = structured
        if not any(texts):
            texts.append(json.dumps(structured, ensure_ascii=False))
    texts += [f"[{count} more of type {mime}, not shown]" for mime, count in left_out.items()]
    if not any(texts):
        texts = [f"[{mime}]" for mime in bundle] or ["(no content)"]
    text = "\n\n".join(text for text in texts if text)
    bundle["text/plain"] = text
    if answer.get("isError"):
        return ToolResult.failed(text, "mcp_tool_failed", bundle)
    return ToolResult("success", bundle)


def _embedded(resource: Block, keep: Any) -> str:
    uri = str(resource.get("uri", ""))
    mime = str(resource.get("mimeType") or "")
    if "text" in resource:
        text = str(resource["text"])
        if mime == "application/json":
            try:
                keep(mime, json.loads(text))
            except ValueError:
                return f"{uri}\n{text}"
        elif mime not in ("", "text/plain") and "/" in mime:
            keep(mime, text)
        return f"{uri}\n{text}"
    blob = str(resource.get("blob", ""))
    mime = mime or "application/octet-stream"
    if mime.startswith(("image/", "audio/")):
        keep(mime, blob)
    return f"[{uri}: {mime}, {len(blob) * 3 // 4:,} bytes]"


def _link(block: Block) -> str:
    parts = [str(block.get(key)) for key in ("title", "description") if block.get(key)]
    return " – ".join([str(block.get("name") or ""), *parts]) + f" <{block.get('uri', '')}>"
