"""The JSON Schema of the trace, published with the package as ``agentkit/trace/schema.json``.

``python -m agentkit.trace.schema`` writes the file; with ``--check`` it only says whether it is
current.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DataclassField, ModelField, TypedDictField

from agentkit.trace.document import TRACE_MIME, Trace

SCHEMA_FILE = Path(__file__).with_name("schema.json")
"""Where the published schema lies."""


class _Published(GenerateJsonSchema):
    """A field is required unless it may be absent, which a default of ``None`` stands for."""

    def field_is_required(
        self, field: ModelField | DataclassField | TypedDictField, total: bool
    ) -> bool:
        schema = field["schema"]
        return schema["type"] != "default" or schema.get("default", ...) is not None

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        json_schema = super().model_schema(schema)
        # Within a version fields may be added; whoever validates must not trip over them.
        json_schema.pop("additionalProperties", None)
        return json_schema


def trace_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the document that ``Trace.to_json`` writes."""
    schema = Trace.model_json_schema(mode="serialization", schema_generator=_Published)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": f"Trace of an agent's run ({TRACE_MIME})",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def main(arguments: list[str]) -> int:
    """Write the file, or with ``--check`` compare it; returns the exit code."""
    text = json.dumps(trace_schema(), indent=2, ensure_ascii=False) + "\n"
    if "--check" not in arguments:
        SCHEMA_FILE.write_text(text, encoding="utf-8")
        return 0
    if SCHEMA_FILE.is_file() and SCHEMA_FILE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{SCHEMA_FILE} is out of date: run `python -m agentkit.trace.schema`.\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
