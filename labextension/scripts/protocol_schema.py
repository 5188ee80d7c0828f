"""Print the JSON Schema of what travels between server and page; ``protocol.mjs`` makes types of it."""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from agentkit.core import frames
from agentkit.core.events import Event
from agentkit.core.protocol import TaskSummary

Schema = dict[str, Any]

SHAPES: dict[str, Any] = {
    "StepEvent": Event,
    "ServerFrame": frames.ServerFrame,
    "ClientFrame": frames.ClientFrame,
    "TaskSummary": TaskSummary,
}


class WithoutFieldTitles(GenerateJsonSchema):
    """A title would give each field a type of its own."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Say no for every field."""
        return False


def main() -> None:
    """Write one schema whose definitions are the shapes, under the names they have on the page."""
    schemas, bundle = TypeAdapter[Any].json_schemas(
        [(name, "serialization", TypeAdapter(shape)) for name, shape in SHAPES.items()],
        ref_template="{model}",
        schema_generator=WithoutFieldTitles,
    )
    shapes: dict[str, Schema] = bundle["$defs"]
    unions = {name: schema for (name, _), schema in schemas.items() if name not in shapes}
    for shape in shapes.values():
        _tell_absent_from_null(shape)
    page_names = {name: _page_name(name, shape) for name, shape in shapes.items()}
    root = {
        "title": "Frame",
        "description": "Whatever is said on the socket of a task, by either side.",
        "oneOf": [{"$ref": "#/definitions/ServerFrame"}, {"$ref": "#/definitions/ClientFrame"}],
        "definitions": {
            **{
                page_names[name]: _with_references(shape, page_names, unions)
                for name, shape in shapes.items()
            },
            **{
                name: {
                    "oneOf": [_with_references(choice, page_names, {}) for choice in union["oneOf"]]
                }
                for name, union in unions.items()
            },
        },
    }
    json.dump(root, sys.stdout, indent=1)


def _tell_absent_from_null(shape: Schema) -> None:
    """A field that defaults to ``None`` is left out when it is ``None``; any other is always there."""
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
    """Copy ``node``, pointing at each shape by its page name and at each union instead of repeating it."""
    if isinstance(node, list):
        return [_with_references(item, page_names, unions) for item in node]
    if not isinstance(node, dict):
        return node
    for name, union in unions.items():
        if node.get("oneOf") == union["oneOf"]:
            return {"$ref": f"#/definitions/{name}"}
    if "$ref" in node:
        return {"$ref": f"#/definitions/{page_names[node['$ref']]}"}
    return {key: _with_references(value, page_names, unions) for key, value in node.items()}


if __name__ == "__main__":
    main()
