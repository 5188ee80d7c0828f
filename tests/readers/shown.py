"""Which type of a bundle other readers of notebooks choose, by what they publish.

VS Code orders an output's types (``extensions/ipynb/src/deserializers.ts``), vendors' types first, and
takes the first for which a renderer is there and that the workspace's trust allows
(``NotebookOutputModel.resolveMimeTypes``). Its own renderers are listed in the ``package.json`` of
``extensions/notebook-renderers`` and ``extensions/markdown-language-features``; without trust it renders no
HTML and no JavaScript.
"""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatch
from typing import Any

_ORDER = (
    "application/vnd.*", "application/vdom.*", "application/geo+json",
    "application/x-nteract-model-debug+json", "text/html", "application/javascript", "image/gif",
    "text/latex", "text/markdown", "image/png", "image/svg+xml", "image/jpeg", "application/json",
    "text/plain",
)  # fmt: skip

VS_CODE_UNTRUSTED = frozenset(
    ("image/gif", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain")
)
"""What VS Code renders in a folder that is not trusted."""
VS_CODE = VS_CODE_UNTRUSTED | {"text/html", "image/svg+xml", "application/javascript"}
"""What it renders otherwise, the Jupyter extension's renderers for plots and widgets aside."""


def chosen(bundle: dict[str, Any], rendered: Collection[str]) -> str:
    """The type that VS Code shows."""

    def place(mime_type: str) -> int:
        return next((n for n, each in enumerate(_ORDER) if fnmatch(mime_type, each)), len(_ORDER))

    return next(mime for mime in sorted(bundle, key=place) if mime in rendered)
