"""What the model and the reader are given of a MIME bundle: the model text, the reader all that fits."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from pydantic_core import to_json

from agentkit.core.protocol import MimeBundle
from agentkit.tools.bundle import to_bundle
from agentkit.tools.html import text_of_html

__all__ = ["cut_text", "fit_for_reader", "images_for_model", "text_for_model", "to_bundle"]

MAX_IMAGE_CHARS = 5_000_000
"""Base64 characters of a picture that a model is given: providers refuse the whole request beyond."""

_PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_CUTTABLE = frozenset({"text/plain", "text/markdown"})
_BARE_REPR = re.compile(r"<[^<>]*>\s*")


def text_for_model(bundle: MimeBundle, limit_chars: int) -> tuple[str, bool]:
    """Give what a model is told of a result, and whether something was cut out of it.

    Markdown, plain text and JSON come before HTML, of which only the words are given. A picture is named
    with its size. The cut is in the middle and says how much it took.
    """
    pictures = _picture_lines(bundle)
    parts = [_words(bundle, ignore_bare_repr=bool(pictures)), *pictures]
    text = "\n".join(part for part in parts if part)
    if not text:
        kinds = ", ".join(bundle) or "nothing"
        text = f"[{kinds}, shown to the reader]" if bundle else "[nothing]"
    return cut_text(text, limit_chars)


def images_for_model(bundle: MimeBundle) -> list[tuple[str, str]]:
    """Give the pictures for a model that takes pictures, as (MIME type, base64).

    The formats in a bundle show one value, so there is at most one.
    """
    for mime in _PICTURES:
        data = bundle.get(mime)
        if isinstance(data, str) and 0 < len(data) <= MAX_IMAGE_CHARS:
            return [(mime, "".join(data.split()))]
    return []


def fit_for_reader(bundle: MimeBundle, limit_bytes: int) -> tuple[MimeBundle, str | None]:
    """Keep the bundle whole up to ``limit_bytes``; beyond, say in a note what was cut or left out.

    Text is cut. HTML, pictures and JSON would be broken by that and are left out, the largest first;
    a quarter of the limit is held free for the text.

    Returns
    -------
    The bundle as it can be stored, and the note; ``None`` when it is whole.
    """
    sizes = {mime: _size(content) for mime, content in bundle.items()}
    if sum(sizes.values()) <= limit_bytes:
        return bundle, None
    notes: list[str] = []
    texts = sorted(_CUTTABLE & bundle.keys(), key=lambda mime: sizes[mime])
    others = sorted(bundle.keys() - _CUTTABLE, key=lambda mime: sizes[mime])
    for_texts = min(sum(sizes[mime] for mime in texts), limit_bytes // 4)
    while others and sum(sizes[mime] for mime in others) > limit_bytes - for_texts:
        mime = others.pop()
        notes.append(f"{mime} ({sizes[mime]:,} bytes) is left out")
    room = limit_bytes - sum(sizes[mime] for mime in others)
    kept = {mime: bundle[mime] for mime in bundle if mime in others}
    for position, mime in enumerate(texts):
        share = room // (len(texts) - position)
        kept[mime] = _cut_to_bytes(bundle[mime], share)
        room -= _size(kept[mime])
        if kept[mime] != bundle[mime]:
            notes.append(f"{mime} is cut from {sizes[mime]:,} to {_size(kept[mime]):,} bytes")
    note = f"Too large to be kept whole (limit {limit_bytes:,} bytes): {'; '.join(notes)}."
    return kept or {"text/plain": note}, note


def cut_text(text: str, limit: int) -> tuple[str, bool]:
    """Cut to at most ``limit`` characters: the head, the tail, and between them how much is missing."""
    if len(text) <= limit:
        return text, False
    keep = max(0, limit - len(_gap(len(text), len(text))))
    head = keep * 2 // 3
    tail = keep - head
    gap = _gap(len(text) - keep, len(text))
    return (text[:head] + gap + (text[-tail:] if tail else ""))[:limit], True


def _gap(left_out: int, total: int) -> str:
    return f"\n… {left_out:,} of {total:,} characters left out …\n"


def _cut_to_bytes(text: str, limit: int) -> str:
    size = _size(text)
    if size <= limit:
        return text
    chars = limit * len(text) // size
    while (excess := _size(cut := cut_text(text, chars)[0]) - limit) > 0:
        chars -= excess
    return cut


def _size(content: Any) -> int:
    if isinstance(content, str):
        return len(content.encode(errors="replace"))
    return len(to_json(content, serialize_unknown=True))


def _words(bundle: MimeBundle, *, ignore_bare_repr: bool) -> str:
    """Find the best text: `<Styler object at 0x…>` comes last, it says nothing."""
    plain = bundle.get("text/plain")
    bare = isinstance(plain, str) and _BARE_REPR.fullmatch(plain) is not None
    if isinstance(markdown := bundle.get("text/markdown"), str) and markdown.strip():
        return markdown
    if isinstance(plain, str) and not bare:
        return plain
    for mime, content in bundle.items():
        if mime == "application/json" or mime.endswith("+json"):
            return json.dumps(content, ensure_ascii=False, default=str)
    if isinstance(latex := bundle.get("text/latex"), str):
        return latex
    if isinstance(html := bundle.get("text/html"), str) and (words := text_of_html(html)):
        return words
    return "" if ignore_bare_repr or not isinstance(plain, str) else plain


def _picture_lines(bundle: MimeBundle) -> list[str]:
    for mime in (*_PICTURES, "image/svg+xml"):
        if mime in bundle:
            return [f"[{mime}{_dimensions(mime, bundle[mime])}, shown to the reader]"]
    return []


def _dimensions(mime: str, data: Any) -> str:
    if mime != "image/png" or not isinstance(data, str):
        return ""
    try:
        header = base64.b64decode("".join(data[:64].split())[:32])
    except (binascii.Error, ValueError):
        return ""
    if len(header) < 24 or not header.startswith(b"\x89PNG"):
        return ""
    width, height = (int.from_bytes(header[at : at + 4]) for at in (16, 20))
    return f", {width}×{height}"
