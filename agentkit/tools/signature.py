"""A function's signature as a JSON Schema, and a model's arguments checked against it."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Optional, cast

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.fields import FieldInfo

from agentkit.errors import InvalidInput
from agentkit.tools.docstring import Documentation, documentation_of
from agentkit.tools.json_schema import parameters_schema
from agentkit.tools.protocol import ToolContext


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    field: str
    """Its field in the model: numbered, so that no parameter name can clash with pydantic's own."""
    positional: bool
    default: Any


class Signature:
    """What a model may pass to a function.

    Parameters
    ----------
    function
        Any callable with a readable signature. Annotations that are text are looked up in the
        module that defines it.

    Raises
    ------
    InvalidInput
        A parameter that cannot be described to a model; names the function and the parameter.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._label = function_label(function)
        doc = documentation_of(function)
        self.description = doc.description
        self._context_parameters: list[str] = []
        self._parameters: list[_Parameter] = []
        fields: dict[str, tuple[Any, Any]] = {}
        for parameter in _parameters_of(function, self._label):
            hint = self._hint(function, parameter)
            if hint is ToolContext or ToolContext in typing.get_args(hint):
                self._inject(parameter)
                continue
            entry = _Parameter(
                parameter.name,
                f"p{len(fields)}",
                parameter.kind is parameter.POSITIONAL_ONLY,
                parameter.default,
            )
            self._parameters.append(entry)
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[entry.field] = (hint, default)
        self._model = self._build(fields)
        self.schema = self._json_schema(doc, fields)

    def validate(self, arguments: dict[str, Any]) -> BaseModel:
        """Check and convert; pydantic's ``ValidationError`` when they do not fit."""
        return self._model.model_validate(arguments)

    @property
    def parameter_names(self) -> list[str]:
        """The parameters as a model knows them."""
        return list(cast(dict[str, Any], self.schema["properties"]))

    def bind(
        self, values: BaseModel, context: Callable[[], ToolContext]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments for the function; ``context`` is asked if it takes one.

        What the model left out is left out here too, so that the function's own default object is
        used and not a copy of it.
        """
        positional: list[Any] = []
        by_name: dict[str, Any] = {}
        if self._context_parameters:
            by_name = dict.fromkeys(self._context_parameters, context())
        for parameter in self._parameters:
            value = getattr(values, parameter.field)
            plain_default = not isinstance(parameter.default, FieldInfo) and (
                parameter.default is not inspect.Parameter.empty
            )
            left_out = plain_default and parameter.field not in values.model_fields_set
            if parameter.positional:
                positional.append(parameter.default if left_out else value)
            elif not left_out:
                by_name[parameter.name] = value
        return positional, by_name

    def _hint(self, function: Callable[..., Any], parameter: inspect.Parameter) -> Any:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
            raise InvalidInput(
                f"{self._label} cannot be a tool: a model cannot know what to pass for "
                f"'{stars}{parameter.name}'. Write the parameters out, or use one list or dict."
            )
        if parameter.annotation is parameter.empty:
            return Any
        try:
            hint = _resolve(function, parameter)
        except Exception as error:
            raise InvalidInput(
                f"{self._label} cannot be a tool: the annotation {parameter.annotation!r} of "
                f"parameter '{parameter.name}' cannot be read ({error}). The names in it have to be "
                "defined at the top level of the module or notebook."
            ) from error
        return _with_none(hint) if parameter.default is None else hint

    def _inject(self, parameter: inspect.Parameter) -> None:
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise InvalidInput(
                f"{self._label} cannot be a tool: parameter '{parameter.name}' takes the "
                "ToolContext and must not be positional-only. Move it behind the '/'."
            )
        self._context_parameters.append(parameter.name)

    def _build(self, fields: dict[str, tuple[Any, Any]]) -> type[BaseModel]:
        named: dict[str, Any] = {
            parameter.field: (_named(hint, parameter.name), default)
            for parameter in self._parameters
            for hint, default in [fields[parameter.field]]
        }
        try:
            return create_model("Arguments", __config__=ConfigDict(extra="forbid"), **named)
        except Exception as error:
            raise self._indescribable(fields, error) from error

    def _json_schema(
        self, doc: Documentation, fields: dict[str, tuple[Any, Any]]
    ) -> dict[str, Any]:
        try:
            schema = parameters_schema(self._model)
        except Exception as error:
            raise self._indescribable(fields, error) from error
        for parameter in self._parameters:
            alias = self._model.model_fields[parameter.field].alias or parameter.name
            text = doc.parameters.get(parameter.name)
            if text:
                schema["properties"][alias].setdefault("description", text)
        return schema

    def _indescribable(self, fields: dict[str, tuple[Any, Any]], error: Exception) -> InvalidInput:
        for parameter in self._parameters:
            hint = fields[parameter.field][0]
            try:
                TypeAdapter(hint).json_schema()
            except Exception as reason:
                first_line = str(reason).partition("\n")[0]
                return InvalidInput(
                    f"{self._label} cannot be a tool: the type {_type_label(hint)} of parameter "
                    f"'{parameter.name}' has no JSON form that a model could write "
                    f"({first_line}). Take text, numbers, lists, dicts, enums, dataclasses or "
                    "pydantic models, and look the object up inside the function."
                )
        return InvalidInput(f"{self._label} cannot be a tool: {error}")


def function_label(function: Callable[..., Any]) -> str:
    """The function as errors name it."""
    return f"Function '{getattr(function, '__name__', None) or repr(function)}'"


def _parameters_of(function: Callable[..., Any], label: str) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            f"{label} cannot be a tool: its signature cannot be read ({error}). "
            "Wrap it in a Python function with annotated parameters."
        ) from error


def _resolve(function: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    # A probe with this one annotation: one that cannot be read, the return type's say, must not
    # take the others down, and the error can name the parameter.
    def probe() -> None: ...

    probe.__annotations__ = {"parameter": parameter.annotation}
    namespace = _globals_of(function)
    return typing.get_type_hints(probe, namespace, namespace, include_extras=True)["parameter"]


def _globals_of(function: Any) -> dict[str, Any]:
    while True:
        if hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif hasattr(function, "func"):  # functools.partial
            function = function.func
        elif hasattr(function, "__func__"):
            function = function.__func__
        elif hasattr(function, "__globals__"):
            return function.__globals__
        elif isinstance(function, type):
            function = cast(Any, function).__init__
        elif inspect.isroutine(function):
            return {}
        else:
            function = type(function).__call__


def _named(hint: Any, name: str) -> Any:
    """Give the field its parameter's name; an alias that the user set comes later and wins."""
    inner, *metadata = typing.get_args(hint) if typing.get_origin(hint) is Annotated else (hint,)
    return Annotated[(inner, Field(alias=name), *metadata)]


def _with_none(hint: Any) -> Any:
    """``x: int = None`` means that ``None`` may be passed, whatever the annotation forgot."""
    if hint is Any:
        return hint
    if typing.get_origin(hint) is Annotated:
        inner, *metadata = typing.get_args(hint)
        return Annotated[(Optional[inner], *metadata)]  # noqa: UP045
    return Optional[hint]  # noqa: UP045  (`|` is not defined for every annotation)


def _type_label(hint: Any) -> str:
    return hint.__qualname__ if isinstance(hint, type) else str(hint)
