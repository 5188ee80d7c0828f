"""Pydantic's JSON Schema as a model is given it: without titles, and always JSON."""

from __future__ import annotations

import json
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind
from pydantic_core import PydanticSerializationError

_SCHEMAS_BY_NAME = ("properties", "patternProperties", "dependentSchemas", "$defs")
_SCHEMAS = (
    "items",
    "prefixItems",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "contains",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "if",
    "then",
    "else",
)


def parameters_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Write the JSON Schema of a tool's parameters."""
    schema = model.model_json_schema(schema_generator=_JsonSchema)
    schema.setdefault("properties", {})
    _drop_titles(schema)
    return schema


class _JsonSchema(GenerateJsonSchema):
    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        """Stay silent: a default that is no JSON is left out here, and the function has it all the same."""

    def encode_default(self, dft: Any) -> Any:
        default = super().encode_default(dft)
        try:
            json.dumps(default, allow_nan=False)
        except ValueError as error:
            raise PydanticSerializationError(str(error)) from error
        return default


def _drop_titles(schema: Any) -> None:
    """Remove pydantic's titles where a schema stands, never a property that is called ``title``."""
    if not isinstance(schema, dict):
        return
    schema = cast(dict[str, Any], schema)
    schema.pop("title", None)
    for key in _SCHEMAS_BY_NAME:
        for child in schema.get(key, {}).values():
            _drop_titles(child)
    for key in _SCHEMAS:
        child = schema.get(key)
        for item in cast(list[Any], child) if isinstance(child, list) else [child]:
            _drop_titles(item)
