"""Writes the page's types of all that travels between server and page, from the Python models.

``python labextension/scripts/protocol.py`` writes ``src/protocol.gen.ts`` and ``src/page.gen.ts``; with
``--check`` it only says whether they are current. The models of a file become one JSON Schema here,
``protocol.mjs`` makes types of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from agentkit.core import frames
from agentkit.core.events import Event
from agentkit.core.protocol import TaskSummary
from agentkit.tools.builtin.cells import Change
from jupyter_agentkit import page_frames

Schema = dict[str, Any]

SCRIPTS = Path(__file__).parent
SOURCES = SCRIPTS.parent / "src"


@dataclass(frozen=True)
class Generated:
    """One generated file: the frames of one socket, and what else is named in ``shapes``."""

    name: str
    frame: str
    """What the union of all that is said on the socket is called."""
    description: str
    sides: tuple[str, ...]
    """The unions of what is said, as named in ``shapes``."""
    shapes: dict[str, Any]


FILES = (
    Generated(
        "protocol.gen.ts",
        "Frame",
        "Whatever is said on the sockets of tasks, by either side.",
        ("ServerFrame", "ClientFrame", "FeedFrame"),
        {
            "StepEvent": Event,
            "ServerFrame": frames.ServerFrame,
            "ClientFrame": frames.ClientFrame,
            "FeedFrame": frames.FeedFrame,
            "TaskSummary": TaskSummary,
        },
    ),
    Generated(
        "page.gen.ts",
        "NotebookFrame",
        "Whatever a page with open notebooks and its server say to one another.",
        ("PageServerFrame", "PageFrame"),
        {
            "PageServerFrame": page_frames.PageServerFrame,
            "PageFrame": page_frames.PageFrame,
            "Change": Change,
        },
    ),
)


class WithoutFieldTitles(GenerateJsonSchema):
    """A title would give each field a type of its own."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Say no for every field."""
        return False


def main(arguments: list[str]) -> int:
    """Write the types, or with ``--check`` compare them; returns the exit code."""
    outdated: list[str] = []
    for file in FILES:
        types = subprocess.run(
            ["node", "protocol.mjs"],
            cwd=SCRIPTS,
            input=json.dumps(schema(file)),
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        path = SOURCES / file.name
        if "--check" not in arguments:
            path.write_text(types, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != types:
            outdated.append(file.name)
    if outdated:
        sys.stderr.write(f"Out of date: {', '.join(outdated)}. Run `make generated`.\n")
    return 1 if outdated else 0


def schema(file: Generated) -> Schema:
    """Return one schema whose definitions are the file's shapes, under the names they have on the page."""
    schemas, bundle = TypeAdapter[Any].json_schemas(
        [(name, "serialization", TypeAdapter(shape)) for name, shape in file.shapes.items()],
        ref_template="{model}",
        schema_generator=WithoutFieldTitles,
    )
    shapes = cast("dict[str, Schema]", bundle["$defs"])
    unions = {name: schema for (name, _), schema in schemas.items() if name not in shapes}
    for shape in shapes.values():
        _tell_absent_from_null(shape)
    page_names = {name: _page_name(name, shape) for name, shape in shapes.items()}
    definitions = {
        page_names[name]: _with_references(shape, page_names, unions)
        for name, shape in shapes.items()
    }
    for name, union in unions.items():
        definitions[name] = {"oneOf": _with_references(union["oneOf"], page_names, {})}
    return {
        "title": file.frame,
        "description": file.description,
        "oneOf": [{"$ref": f"#/definitions/{side}"} for side in file.sides],
        "definitions": definitions,
    }


def _tell_absent_from_null(shape: Schema) -> None:
    """Make optional what defaults to ``None``: it is left out when it is; all else is always there."""
    shape.pop("title", None)
    fields: dict[str, Schema] = shape.get("properties", {})
    optional = {name for name, field in fields.items() if field.get("default", ...) is None}
    for name in optional:
        choices = [choice for choice in fields[name].get("anyOf", []) if choice != {"type": "null"}]
        fields[name] = choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {}
    if fields:
        shape["required"] = sorted(fields.keys() - optional)


def _page_name(name: str, shape: Schema) -> str:
    """Call a frame a frame: ``Error`` and ``Event`` alone mean something else in a page."""
    is_frame = "type" in shape.get("properties", {}) and not name.endswith("Frame")
    return f"{name}Frame" if is_frame else name


def _with_references(node: Any, page_names: dict[str, str], unions: dict[str, Schema]) -> Any:
    """Copy ``node``; refer to shapes by their page names, and to unions instead of repeating them."""
    if isinstance(node, list):
        items = cast("list[Any]", node)
        return [_with_references(item, page_names, unions) for item in items]
    if not isinstance(node, dict):
        return node
    node = cast("Schema", node)
    for name, union in unions.items():
        if node.get("oneOf") == union["oneOf"]:
            return {"$ref": f"#/definitions/{name}"}
    if "$ref" in node:
        return {"$ref": f"#/definitions/{page_names[node['$ref']]}"}
    return {key: _with_references(value, page_names, unions) for key, value in node.items()}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
