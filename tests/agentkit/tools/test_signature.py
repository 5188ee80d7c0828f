import asyncio
import enum
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

import pytest
from pydantic import BaseModel, Field

from agentkit.errors import InvalidInput
from agentkit.tools.function import FunctionTool
from agentkit.tools.protocol import ToolContext


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    title: str
    parent: "Place | None" = None


@dataclass
class Point:
    x: float
    y: float = 0.0


def properties(function: Callable[..., Any]) -> dict[str, Any]:
    return FunctionTool(function).spec.parameters["properties"]


def test_annotations_and_defaults_become_the_schema() -> None:
    def sales(
        region: Literal["north", "south"],
        year: int = 2024,
        names: list[str] = [],  # noqa: B006
    ) -> None: ...

    assert FunctionTool(sales).spec.parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["region"],
        "properties": {
            "region": {"type": "string", "enum": ["north", "south"]},
            "year": {"type": "integer", "default": 2024},
            "names": {"type": "array", "items": {"type": "string"}, "default": []},
        },
    }


def test_a_function_without_parameters_has_an_empty_object_as_schema() -> None:
    def now() -> str: ...  # pyright: ignore[reportReturnType]

    assert FunctionTool(now).spec.parameters == {
        "type": "object",
        "additionalProperties": False,
        "properties": {},
    }


def test_enums_models_and_dataclasses_are_described_without_titles_but_keep_a_field_named_title() -> (
    None
):
    def look(colour: Colour, place: Place, points: dict[str, Point]) -> None: ...

    parameters = FunctionTool(look).spec.parameters
    assert parameters["$defs"]["Place"]["properties"].keys() == {"title", "parent"}
    assert parameters["$defs"]["Colour"] == {"type": "string", "enum": ["red", "blue"]}
    assert parameters["properties"]["points"]["additionalProperties"] == {"$ref": "#/$defs/Point"}
    text = json.dumps(parameters)
    assert text.count('"title"') == 2  # the property and its name under "required"


@pytest.mark.parametrize(
    "doc",
    [
        """Sum.

        Parameters
        ----------
        region : str
            Which region.

        Returns
        -------
        float
            The total.
        """,
        """Sum.

        Args:
            region (str): Which region.

        Returns:
            The total.
        """,
        """Sum.

        :param region: Which region.
        :returns: The total.
        """,
    ],
    ids=["numpydoc", "google", "rest"],
)
def test_the_docstring_describes_the_tool_and_its_parameters(doc: str) -> None:
    def total(region: str) -> float: ...  # pyright: ignore[reportReturnType]

    total.__doc__ = doc
    spec = FunctionTool(total).spec
    assert spec.description == "Sum.\n\nReturns: The total."
    assert spec.parameters["properties"]["region"]["description"] == "Which region."


def test_a_field_description_wins_over_the_docstring() -> None:
    def total(region: Annotated[str, Field(description="From the field.")]) -> None:
        """Sum.

        Args:
            region: From the docstring.
        """

    assert properties(total)["region"]["description"] == "From the field."


def test_a_docstring_that_no_parser_understands_is_still_the_description() -> None:
    def odd() -> None: ...

    odd.__doc__ = "Parameters\n----------\n:param broken\nArgs:\n  : :"
    assert "broken" in FunctionTool(odd).spec.description


def test_name_and_description_can_be_given() -> None:
    spec = FunctionTool(lambda: 1, name="one", description="Gives one.").spec
    assert (spec.name, spec.description) == ("one", "Gives one.")


def test_a_default_of_none_allows_null_whatever_the_annotation_says() -> None:
    def find(limit: Annotated[int, Field(ge=1)] = None, other: str = None): ...  # type: ignore  # noqa: RUF013

    assert properties(find)["other"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert {"type": "integer", "minimum": 1} in properties(find)["limit"]["anyOf"]


def test_an_unannotated_parameter_takes_anything() -> None:
    def echo(value): ...  # type: ignore

    assert properties(cast(Any, echo)) == {"value": {}}


def test_the_context_is_hidden_from_the_schema() -> None:
    def work(steps: int, context: ToolContext, other: ToolContext | None = None) -> None: ...

    assert list(properties(work)) == ["steps"]


def test_parameters_may_be_called_like_anything_that_pydantic_uses() -> None:
    def work(copy: int, schema: int, model_config: int, json: int, _hidden: int, p1: int) -> int:
        return copy + schema + model_config + json + _hidden + p1

    names = ["copy", "schema", "model_config", "json", "_hidden", "p1"]
    assert list(properties(work)) == names
    call = FunctionTool(work).call(dict.fromkeys(names, 1), ToolContext("c"))
    assert asyncio.run(call).content["application/json"] == 6


def test_partials_methods_and_callable_objects_are_functions_too() -> None:
    class Shop:
        def total(self, region: str) -> str:
            """Sum of a region."""
            return region

        def __call__(self, region: "str") -> str:
            """Call of a shop."""
            return region

    assert list(properties(Shop().total)) == ["region"]
    assert FunctionTool(Shop(), name="shop").spec.description == "Call of a shop."
    bound = functools.partial(Shop().total, region="x")
    spec = FunctionTool(bound, name="bound").spec
    assert spec.parameters["properties"]["region"]["default"] == "x"
    assert spec.description == "Sum of a region."


def test_an_unreadable_return_annotation_does_no_harm() -> None:
    def load(region: str) -> "NotThere": ...  # type: ignore  # noqa: F821

    assert list(properties(cast(Any, load))) == ["region"]


def variable(*regions: str) -> None: ...
def keywords(**regions: str) -> None: ...
def undefined(region: "NotThere") -> None: ...  # type: ignore  # noqa: F821
def unspeakable(region: asyncio.AbstractEventLoop) -> None: ...
def callback(region: Callable[[int], int]) -> None: ...
def hidden_in_front(region: ToolContext, /) -> None: ...


@pytest.mark.parametrize(
    "function", [variable, keywords, cast(Any, undefined), unspeakable, callback, hidden_in_front]
)
def test_what_cannot_be_described_is_refused_with_the_function_and_the_parameter(
    function: Callable[..., Any],
) -> None:
    with pytest.raises(InvalidInput, match=r"region") as caught:
        FunctionTool(function)
    assert f"'{function.__name__}'" in caught.value.message


def generator() -> Any:
    yield 1


@pytest.mark.parametrize("function", [generator, lambda: 1, 3, functools.partial(variable), dict])
def test_generators_nameless_functions_and_other_things_are_refused(function: Any) -> None:
    with pytest.raises(InvalidInput, match="cannot be a tool"):
        FunctionTool(function)


@pytest.mark.parametrize("name", ["größe", "a b", "x" * 65, "1st", "a.b"])
def test_a_name_that_models_do_not_take_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"at most 64 .* Pass name="):
        FunctionTool(lambda: 1, name=name)


def test_an_alias_of_the_users_own_is_what_the_model_sees() -> None:
    def copy(from_: Annotated[str, Field(alias="from")], to: str = Field(description="Where to.")):
        return from_ + to

    assert properties(copy)["to"]["description"] == "Where to."
    assert list(properties(copy)) == ["from", "to"]
    call = FunctionTool(copy).call({"from": "a", "to": "b"}, ToolContext("c"))
    assert asyncio.run(call).content == {"text/plain": "ab"}


def test_a_schema_is_always_json() -> None:
    def far(
        limit: float = float("inf"), least: float = float("nan"), why: Any = object()
    ) -> None: ...

    json.dumps(FunctionTool(far).spec.parameters, allow_nan=False)
