"""The demo provider: rules in place of a model, with real calls of the tools it is given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from agentkit.core.protocol import ToolSpec
from agentkit.llm.demo import DemoProvider
from agentkit.llm.gateway import LLMGateway
from agentkit.llm.protocol import ChatMessage, LLMResponse, TextPiece, ToolCall

MEANS = {
    "Adelie": {"flipper_length_mm": 189.95364, "body_mass_g": 3700.66},
    "Chinstrap": {"flipper_length_mm": 195.82353, "body_mass_g": 3733.09},
    "Gentoo": {"flipper_length_mm": 217.18699, "body_mass_g": 5076.02},
}
MEASURE = {"type": "string", "enum": ["flipper_length_mm", "body_mass_g"]}
SPECIES = {"type": "string", "enum": ["Adelie", "Chinstrap", "Gentoo"]}


def tool(name: str, description: str = "", required: str = "", **properties: Any) -> ToolSpec:
    parameters = {"type": "object", "properties": properties, "required": required.split()}
    return ToolSpec(name=name, description=description, parameters=parameters)


SUMMARY = tool(
    "species_summary",
    "Count and mean of one measure for one species.",
    "species measure",
    species=SPECIES,
    measure=MEASURE,
)
PLOT = tool("plot_measure", "Draw a histogram of a measure.", "measure", measure=MEASURE)
COUNT = tool(
    "count_by",
    "How many penguins there are for each value of a column.",
    "column",
    column={"type": "string", "enum": ["species", "island", "sex"]},
)
LIST = tool("list_species", "Names of the species.")
FREE = tool(
    "species_stats", "Mean of each measure of one species.", "species", species={"type": "string"}
)


def summary(species: str, measure: str) -> dict[str, float]:
    return {"count": 100, "mean": MEANS[species][measure]}


def stats(species: str) -> dict[str, float]:
    return MEANS[species]


def always(value: Any) -> Callable[..., Any]:
    def function(**given: Any) -> Any:
        return value

    return function


class Table:
    """The functions behind the tools, and what was called."""

    def __init__(self, **functions: Callable[..., Any]) -> None:
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.turns: list[list[str]] = []
        self._functions: dict[str, Callable[..., Any]] = {
            "species_summary": summary,
            "plot_measure": always("[image/png, 640×480, shown to the reader]"),
            "count_by": always({"Biscoe": 168, "Dream": 124, "Torgersen": 52}),
            "list_species": always(list(MEANS)),
            "species_stats": stats,
            **functions,
        }

    def run(self, call: ToolCall) -> ChatMessage:
        self.called.append((call.name, call.arguments))
        try:
            value = self._functions[call.name](**call.arguments)
        except ValueError as error:
            return self._message(call, f"Error: {error}", failed=True)
        return self._message(call, value if isinstance(value, str) else json.dumps(value))

    def _message(self, call: ToolCall, text: str, *, failed: bool = False) -> ChatMessage:
        return ChatMessage("tool", text, tool_call_id=call.id, name=call.name, failed=failed)

    def ask(self, question: str, *tools: ToolSpec, history: tuple[ChatMessage, ...] = ()) -> str:
        return asyncio.run(self._ask([*history, ChatMessage("user", question)], tools))

    async def _ask(self, messages: list[ChatMessage], tools: tuple[ToolSpec, ...]) -> str:
        provider = DemoProvider(pace=0)
        for _ in range(6):
            response = await provider.chat(messages, tools=tools)
            assert response.usage is None
            if not response.tool_calls:
                assert response.finish_reason == "stop"
                return response.content
            assert response.finish_reason == "tool_calls"
            self.turns.append([call.name for call in response.tool_calls])
            messages.append(
                ChatMessage("assistant", response.content, tool_calls=response.tool_calls)
            )
            messages += [self.run(call) for call in response.tool_calls]
        raise AssertionError("it never came to an answer")


@pytest.fixture
def table() -> Table:
    return Table()


def test_which_has_the_most_asks_for_each_value_in_one_turn_and_compares(table: Table) -> None:
    answer = table.ask("Which species has the longest flippers?", SUMMARY, COUNT, PLOT)
    assert table.turns == [["species_summary"] * 3]
    assert {arguments["species"] for _, arguments in table.called} == set(MEANS)
    assert {arguments["measure"] for _, arguments in table.called} == {"flipper_length_mm"}
    assert "Largest mean of flipper_length_mm: **Gentoo**, 217.19" in answer
    assert answer.index("Chinstrap 195.82") < answer.index("Adelie 189.95")


def test_the_least_is_compared_the_other_way_round(table: Table) -> None:
    answer = table.ask("Which species has the lowest body mass?", SUMMARY)
    assert "Smallest mean of body_mass_g: **Adelie**, 3,700.66" in answer


def test_two_named_values_make_two_calls(table: Table) -> None:
    answer = table.ask("Compare the body mass of gentoos and Adelie penguins", SUMMARY)
    assert [arguments["species"] for _, arguments in table.called] == ["Gentoo", "Adelie"]
    assert "Chinstrap" not in answer


def test_a_picture_comes_last_and_only_when_it_is_asked_for(table: Table) -> None:
    answer = table.ask("How heavy is the Gentoo? Plot it too.", PLOT, SUMMARY)
    assert table.turns == [["species_summary"], ["plot_measure"]]
    assert table.called[1] == ("plot_measure", {"measure": "body_mass_g"})
    assert "5,076.02" in answer
    assert "drew a picture" in answer


def test_an_order_for_a_picture_calls_nothing_else(table: Table) -> None:
    table.ask("Draw a histogram of body mass for the species", SUMMARY, COUNT, PLOT)
    assert table.turns == [["plot_measure"]]


def test_two_things_asked_for_are_two_tools_in_one_turn(table: Table) -> None:
    answer = table.ask(
        "What is the mean body mass of Gentoo, and how many are there on each island?",
        COUNT,
        SUMMARY,
    )
    assert table.turns == [["species_summary", "count_by"]]
    assert "5,076.02" in answer
    assert "Biscoe **168**" in answer


def test_groups_in_one_result_are_compared(table: Table) -> None:
    answer = table.ask("On which island do most penguins live?", COUNT)
    assert "Largest: **Biscoe**, 168. Then Dream 124, Torgersen 52" in answer


def test_values_that_are_not_in_the_schema_are_looked_up_first(table: Table) -> None:
    answer = table.ask("Which species has the longest flippers?", LIST, FREE)
    assert table.turns == [["list_species"], ["species_stats"] * 3]
    assert "Largest flipper_length_mm: **Gentoo**, 217.19" in answer


def test_a_capitalised_word_needs_no_look_up(table: Table) -> None:
    table.ask("What are the stats of species Gentoo?", LIST, FREE)
    assert table.called == [("species_stats", {"species": "Gentoo"})]


FILL = tool(
    "forecast",
    "Weather forecast of a city.",
    "city",
    city={"type": "string"},
    days={"type": "integer", "maximum": 10, "default": 1},
    metric={"type": "boolean", "default": True},
    parts={"type": "array", "items": {"type": "string", "enum": ["wind", "rain", "sun"]}},
)


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("What is the forecast for New York?", {"city": "New York"}),
        ('What is the forecast for "ulm"?', {"city": "ulm"}),
        ("Forecast for Ulm for 3 days", {"city": "Ulm", "days": 3}),
        ("Forecast for Ulm for three days", {"city": "Ulm", "days": 3}),
        ("Forecast for Ulm in 2026", {"city": "Ulm"}),
        ("Forecast for Ulm, not metric", {"city": "Ulm", "metric": False}),
        ("Forecast of rains and WIND for Ulm", {"city": "Ulm", "parts": ["rain", "wind"]}),
    ],
)
def test_arguments_are_filled_by_the_schema(question: str, arguments: dict[str, Any]) -> None:
    table = Table(forecast=always("sunny"))
    table.ask(question, FILL)
    assert table.called == [("forecast", arguments)]


def test_a_name_within_quoted_text_is_no_value_of_its_own() -> None:
    table = Table(run_python=always("a table"))
    python = tool("run_python", "Run code.", "code", code={"type": "string"})
    table.ask("Run python: `sales.describe()`", python)
    assert table.called == [("run_python", {"code": "sales.describe()"})]


def test_two_arguments_with_the_same_values_get_one_each() -> None:
    table = Table(correlation=always(0.8711))
    both = tool("correlation", "", "first second", first=MEASURE, second=MEASURE)
    answer = table.ask("What is the correlation of body mass and flipper length?", both)
    [(_, arguments)] = table.called
    assert arguments == {"first": "body_mass_g", "second": "flipper_length_mm"}
    assert "**0.871**" in answer


def test_a_reference_and_an_optional_value_in_a_schema_are_followed() -> None:
    table = Table(count=always(3))
    spec = ToolSpec(
        name="count",
        parameters={
            "type": "object",
            "$defs": {"Kind": {"type": "string", "enum": ["bird", "fish"]}},
            "properties": {"kind": {"anyOf": [{"$ref": "#/$defs/Kind"}, {"type": "null"}]}},
        },
    )
    table.ask("How many birds are there?", spec)
    assert table.called == [("count", {"kind": "bird"})]


@pytest.mark.parametrize(
    "text",
    [
        '[{"species": "Adelie", "mean": 1.5}, {"species": "Gentoo", "mean": 2.25}]',
        '{"Adelie": {"mean": 1.5, "count": 9}, "Gentoo": {"mean": 2.25, "count": 4}}',
        '{"mean": {"Adelie": 1.5, "Gentoo": 2.25}, "count": {"Adelie": 9, "Gentoo": 4}}',
        '[["Adelie", 1.5], ["Gentoo", 2.25]]',
        "           mean  count\nspecies\nAdelie    1.50     9\nGentoo    2.25     4",
        "  species  mean\n0  Adelie  1.50\n1  Gentoo  2.25",
        "species\nAdelie    1.50\nGentoo    2.25\nName: mean, dtype: float64",
        "| species | mean |\n| --- | ---: |\n| Adelie | 1.50 |\n| Gentoo | 2.25 |",
        "Adelie: 1.5\nGentoo: 2.25",
    ],
)
def test_numbers_are_read_out_of_json_tables_and_lines(text: str) -> None:
    table = Table(mean_by_species=always(text))
    answer = table.ask("Which species has the largest mean?", tool("mean_by_species"))
    assert "**Gentoo**, 2.25. Then Adelie 1.5 " in answer


def test_years_that_label_the_rows_of_a_table_stay_years() -> None:
    table = Table(mean_by_year=always("      mass\nyear\n2007  43.7\n2009  44.5"))
    answer = table.ask("In which year was the mean mass highest?", tool("mean_by_year"))
    assert "**2009**, 44.5. Then 2007 43.7 " in answer


def test_a_failed_call_is_told_and_not_repeated() -> None:
    def fail(**given: Any) -> Any:
        raise ValueError("no such column")

    table = Table(count_by=fail)
    answer = table.ask("How many penguins are there on each island?", COUNT)
    assert len(table.called) == 1
    assert "failed: no such column" in answer


def test_a_question_that_no_tool_fits_is_answered_plainly(table: Table) -> None:
    answer = table.ask("What is the capital of France?", COUNT, PLOT)
    assert table.called == []
    assert "simulated model without a language model" in answer
    assert "`count_by`, `plot_measure`" in answer
    assert "OPENAI_API_KEY" in answer


def test_a_missing_argument_is_named(table: Table) -> None:
    total = tool("region_total", "Total sales of one region.", "region", region={"type": "string"})
    answer = table.ask("Which region grew most?", total)
    assert table.called == []
    assert "`region_total`" in answer
    assert "`region`" in answer


def test_without_tools_it_says_that_it_cannot_answer(table: Table) -> None:
    assert "given no tools" in table.ask("How many species are there?")


def test_only_the_last_question_of_a_conversation_counts(table: Table) -> None:
    earlier = ToolCall("call_1", "count_by", {"column": "sex"})
    history = (
        ChatMessage("user", "How many of each sex?"),
        ChatMessage("assistant", tool_calls=[earlier]),
        ChatMessage("tool", '{"male": 3}', tool_call_id="call_1", name="count_by"),
        ChatMessage("assistant", "Three."),
    )
    answer = table.ask("How many on each island?", COUNT, history=history)
    assert table.called == [("count_by", {"column": "island"})]
    assert "male" not in answer


def test_the_same_conversation_always_gets_the_same_response() -> None:
    question = [ChatMessage("user", "Which species has the longest flippers?")]
    provider = DemoProvider(pace=0)
    first = asyncio.run(provider.chat(question, tools=[SUMMARY, COUNT, PLOT]))
    assert asyncio.run(provider.chat(question, tools=[SUMMARY, COUNT, PLOT])) == first
    assert [call.id for call in first.tool_calls] == ["call_1", "call_2", "call_3"]


def test_it_streams_word_by_word_and_the_words_are_the_answer() -> None:
    async def collect() -> None:
        question = [ChatMessage("user", "Hello?")]
        pieces = [piece async for piece in DemoProvider(pace=0).stream(question)]
        *words, response = pieces
        assert isinstance(response, LLMResponse)
        assert len(words) > 10
        texts = [word.text for word in words if isinstance(word, TextPiece)]
        assert "".join(texts) == response.content

    asyncio.run(collect())


def test_it_obeys_cancellation_between_words() -> None:
    async def cancel() -> None:
        gateway = LLMGateway()
        gateway.register_provider("demo", DemoProvider(pace=3600))
        route = gateway.resolve(None)
        assert route.simulated

        async def drain() -> None:
            async for _ in gateway.stream(route, [ChatMessage("user", "Hello?")]):
                raise AssertionError("an hour has passed")

        task = asyncio.create_task(drain())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())


@pytest.mark.parametrize(
    "text", ["1 " * 8000, "a: 1\n" * 4000, "x" * 16000, "[" * 2000, "9" * 5000]
)
def test_long_and_odd_texts_are_answered_all_the_same(text: str) -> None:
    table = Table(count=always(text))
    assert table.ask(f"Which count is the largest? {text}", tool("count"))
    assert table.called == [("count", {})]
