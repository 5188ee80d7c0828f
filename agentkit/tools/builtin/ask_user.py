"""The tool with which a model asks the person whom it works for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agentkit.core.events import InputRequested
from agentkit.core.protocol import ToolSpec
from agentkit.tools.faults import explain_arguments
from agentkit.tools.json_schema import parameters_schema
from agentkit.tools.protocol import Tool, ToolContext, ToolResult

_WORDS = (
    *("type", "enum", "const", "default", "title", "description", "format", "examples"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength"),
)
"""What may be said of a form's field. A model writes the schema, and this process checks answers by it: a
``$ref`` could have it fetch any address or walk in a circle, a ``pattern`` compute for ever."""
_FORM_WORDS = ("type", "properties", "required", "title", "description", "additionalProperties")


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=4_000)
    choices: list[str] | None = Field(
        default=None, min_length=1, max_length=20, description="Short answers to choose from."
    )
    answer_schema: dict[str, Any] | None = Field(
        default=None,
        description="JSON Schema of an object, when several values are needed: they become a form with"
        " a field for each property. Only properties of type string, number, integer or boolean, with"
        " enum, default, title and description.",
    )


class AskUser(Tool):
    """Asks a question and gives the model the answer."""

    spec = ToolSpec(
        name="ask_user",
        description="Ask the user a question and wait for the answer. Use it when only the user can"
        " know or decide; not for what the other tools can find out.",
        parameters=parameters_schema(_Question),
    )

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Ask; an answer that is refused or does not come ends as ``denied``."""
        try:
            asked = _Question.model_validate(arguments)
            _check_form(asked.answer_schema)
        except ValidationError as error:
            faults = explain_arguments("ask_user", error, arguments, list(_Question.model_fields))
            return ToolResult.failed(faults, "invalid_arguments")
        except ValueError as error:
            return ToolResult.failed(f"The question cannot be asked: {error}", "invalid_arguments")
        resolution = await context.request(
            InputRequested(
                request_id="",
                question=asked.question,
                choices=asked.choices,
                schema=asked.answer_schema,
            )
        )
        match resolution.decision:
            case "answer":
                return _answered(resolution.value)
            case "expired":
                return ToolResult.denied("Nobody answered in time.", "expired")
            case _:
                because = f" {resolution.value}" if resolution.value else ""
                return ToolResult.denied(f"The question was not answered.{because}", "denied")


def _answered(value: Any) -> ToolResult:
    if isinstance(value, str):
        return ToolResult("success", {"text/plain": value})
    return ToolResult("success", {"application/json": value})


def _check_form(schema: dict[str, Any] | None) -> None:
    if schema is None:
        return
    import jsonschema

    if schema.get("type") != "object" or not schema.get("properties"):
        raise ValueError("answer_schema has to be of type 'object' and to have properties")
    _check_words("answer_schema", schema, _FORM_WORDS)
    if not isinstance(schema["properties"], dict):
        raise ValueError("answer_schema.properties has to be an object")
    for name, field in cast("dict[str, Any]", schema["properties"]).items():
        if not isinstance(field, dict):
            raise ValueError(f"the property {name!r} has to be an object")
        _check_words(f"the property {name!r}", cast("dict[str, Any]", field), _WORDS)
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise ValueError(f"answer_schema is no JSON Schema: {error.message}") from None


def _check_words(what: str, schema: dict[str, Any], known: Sequence[str]) -> None:
    if unknown := sorted(schema.keys() - set(known)):
        raise ValueError(
            f"{what} has {', '.join(unknown)[:200]}; only these can be used: {', '.join(known)}"
        )
