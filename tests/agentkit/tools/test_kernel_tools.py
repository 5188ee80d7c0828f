"""What a model and a reader are given of code that ran: over a kernel that plays its outputs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from agentkit.core.protocol import Origin
from agentkit.tools.builtin import outputs as outputs_module
from agentkit.tools.builtin.in_kernel import described
from agentkit.tools.builtin.kernel import InspectVariables, RunPython
from agentkit.tools.builtin.ports import Cleared, Ears, Kernels, Output, Printed, Raised, Shown
from agentkit.tools.builtin.terminal import last_words, plain
from agentkit.tools.protocol import ToolContext, ToolResult

PNG, OTHER_PNG = "iVBORw0KGgoA", "iVBORw0KGgoB"
TRACEBACK = (
    "\x1b[31m-----\x1b[39m\nValueError   Traceback (most recent call last)\n"
    "Cell \x1b[32mIn[1]\x1b[39m, line 2\n      1 x = 1\n\x1b[32m----> 2\x1b[39m f(x)\n\n"
    "File m.py:9\n----> 9 raise ValueError('bad')\n\nValueError: bad"
)


@dataclass
class Playing(Kernels):
    """A kernel whose code gives these outputs, and whose expressions have this value."""

    outputs: Sequence[Output] = ()
    value: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def execute(self, kernel_id: str, code: str, ears: Ears) -> None:
        self.asked.append((kernel_id, code))
        ears.say("The kernel is busy")
        for output in self.outputs:
            ears.output(output)

    async def evaluate(self, kernel_id: str, expression: str, ears: Ears) -> str:
        self.asked.append((kernel_id, expression))
        return self.value


async def run(*outputs: Output) -> ToolResult:
    context = ToolContext("1", origin=Origin(kernel_id="k"))
    return await RunPython(Playing(outputs)).call({"code": "x"}, context)


def frame(**bundle: str) -> Shown:
    return Shown(
        {"text/plain": bundle.get("text", "<Figure>"), "image/png": bundle.get("png", PNG)}
    )


async def test_the_code_goes_to_the_kernel_of_the_run_as_it_is() -> None:
    kernels = Playing()
    context = ToolContext("1", origin=Origin(kernel_id="k"))
    await RunPython(kernels).call({"code": "%%time\n  x\n"}, context)
    assert kernels.asked == [("k", "%%time\n  x\n")]


async def test_what_is_waited_for_and_each_last_line_are_said() -> None:
    said: list[str | None] = []
    context = ToolContext(
        "1", origin=Origin(kernel_id="k"), progress=lambda a, b, message: said.append(message)
    )
    playing = Playing([Printed("one\ntwo\n"), Printed("\r 10 %"), Printed("\r 20 %")])
    await RunPython(playing).call({"code": "x"}, context)
    assert said == ["The kernel is busy", "two", "10 %", "20 %"]


async def test_a_single_value_is_given_as_it_is() -> None:
    bundle = {"text/plain": "   a\n0  1", "text/html": "<table></table>"}
    assert (await run(Shown(bundle))).content == bundle


async def test_printed_text_alone_is_text() -> None:
    result = await run(Printed("a\n"), Printed("problem\n", "stderr"), Shown({"text/plain": "3"}))
    assert result.content == {"text/plain": "a\nproblem\n3"}


async def test_nothing_is_nothing() -> None:
    assert (await run()).content == {"text/plain": ""}


async def test_several_pictures_are_all_shown_and_the_last_is_the_models() -> None:
    result = await run(Printed("<b>two</b>\n"), frame(), frame(png=OTHER_PNG))
    assert result.content["text/plain"] == "<b>two</b>\n<Figure>\n<Figure>"
    assert result.content["image/png"] == OTHER_PNG
    html = result.content["text/html"]
    assert html.startswith("<pre>&lt;b&gt;two&lt;/b&gt;</pre>")
    assert html.index(f"base64,{PNG}") < html.index(f"base64,{OTHER_PNG}")


async def test_a_table_keeps_the_text_beside_it() -> None:
    table = Shown({"text/plain": "a", "text/html": "<table><tr><td>1</table>"})
    html = (await run(Printed("rows: 1\n"), table)).content["text/html"]
    assert html == "<pre>rows: 1</pre>\n<table><tr><td>1</table>"


async def test_a_display_is_replaced_under_its_name_only() -> None:
    result = await run(
        Shown({"text/plain": "0 %"}, "bar"),
        Shown({"text/plain": "other"}, "elsewhere", replaces=True),
        Shown({"text/plain": "100 %"}, "bar", replaces=True),
    )
    assert result.content == {"text/plain": "100 %"}


@pytest.mark.parametrize(("wait", "left"), [(False, "new"), (True, "new")])
async def test_cleared_output_goes(wait: bool, left: str) -> None:
    assert (await run(Printed("old"), Cleared(wait), Printed(left))).content["text/plain"] == left


async def test_a_clear_that_waits_for_what_never_comes_clears_nothing() -> None:
    assert (await run(Printed("old"), Cleared(wait=True))).content["text/plain"] == "old"


async def test_a_living_widget_and_a_run_within_are_left_out() -> None:
    widget = "application/vnd.jupyter.widget-view+json"
    trace = "application/vnd.agentkit.trace+json"
    bundle = {"text/plain": "IntSlider()", widget: {"model_id": "1"}, trace: {"version": 1}}
    assert (await run(Shown(bundle))).content == {"text/plain": "IntSlider()"}


async def test_an_exception_is_one_line_for_the_model_and_all_of_it_for_the_reader() -> None:
    result = await run(Printed("so far\n"), Raised("ValueError", "bad", TRACEBACK))
    assert (result.outcome, result.note) == ("failed", "It had printed:\nso far")
    assert result.error is not None
    assert (result.error.message, result.error.reason) == (
        "ValueError: bad (line 2)",
        "python_error",
    )
    assert "\x1b" not in result.content["text/plain"]
    assert result.content["text/plain"].startswith("so far\n\n-----\nValueError")
    assert result.content["text/plain"].endswith("ValueError: bad")


async def test_an_interrupt_from_the_notebook_is_one() -> None:
    result = await run(Raised("KeyboardInterrupt", "", "KeyboardInterrupt"))
    assert result.outcome == "interrupted"
    assert result.error is not None
    assert result.error.message == "KeyboardInterrupt"


async def test_endless_output_keeps_its_head_and_its_tail() -> None:
    lines = [Printed(f"{n} {'x' * 1000}\n") for n in range(5_000)]
    text = (await run(*lines)).content["text/plain"]
    most = outputs_module.HEAD_CHARS + outputs_module.TAIL_CHARS
    assert most <= len(text) < most + 100
    assert text.startswith("0 xxx")
    assert f"… {sum(len(line.text) for line in lines) - most:,} characters left out …" in text
    assert "\n4999 xxx" in text


async def test_what_is_displayed_without_end_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs_module, "MAX_SHOWN", 2)
    result = await run(*[frame()] * 5)
    assert result.content["text/html"].count("<img") == 2
    assert "3 further values were displayed and are left out" in result.content["text/plain"]
    monkeypatch.setattr(outputs_module, "RICH_CHARS", 10)
    assert "image/png" not in (await run(frame(), frame())).content


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
        ("10 %\r20 %\r100 %\n", "100 %\n"),
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("abc\b\bd", "ad"),
        ("half an escape \x1b[", "half an escape "),
        ("bell\x07 null\x00 tab\t", "bell null tab\t"),
        ("\udcff", "\udcff"),
    ],
)
def test_terminal_text_is_read_as_it_looked(written: str, read: str) -> None:
    assert plain(written) == read


def test_the_last_words_are_short() -> None:
    assert last_words("x" * 500, 10) == "…xxxxxxxxx"
    assert last_words("\n \n", 10) == ""


@pytest.mark.parametrize("arguments", [{}, {"code": ""}, {"code": 1}, {"code": "x", "cell": 2}])
async def test_arguments_that_do_not_fit_run_nothing(arguments: dict[str, Any]) -> None:
    kernels = Playing()
    context = ToolContext("1", origin=Origin(kernel_id="k"))
    result = await RunPython(kernels).call(arguments, context)
    assert result.error is not None
    assert result.error.reason == "invalid_arguments"
    assert kernels.asked == []


@pytest.mark.parametrize("tool", [RunPython, InspectVariables])
async def test_a_run_from_nowhere_has_no_kernel(tool: Any) -> None:
    arguments = {"code": "x"} if tool is RunPython else {}
    result = await tool(Playing()).call(arguments, ToolContext("1"))
    assert result.error is not None
    assert result.error.reason == "no_notebook"


def test_running_code_asks_and_looking_does_not() -> None:
    assert (RunPython.policy, InspectVariables.policy) == ("ask", "allow")


async def test_variables_are_told_one_a_line() -> None:
    value = described({"n": 7, "_private": 1, "words": ["a"] * 3}, {}, None)
    context = ToolContext("1", origin=Origin(kernel_id="k"))
    result = await InspectVariables(Playing(value=value)).call({}, context)
    assert result.content["text/plain"] == "n: int · 7\nwords: list · 3 items · ['a', 'a', 'a']"
    assert result.content["application/json"]["variables"][0]["name"] == "n"


async def test_names_reach_the_kernel_as_data_and_never_as_code() -> None:
    kernels = Playing(value=described({}, {}, ["x"]))
    hostile = "'); import os; os.system('true') #"
    context = ToolContext("1", origin=Origin(kernel_id="k"))
    result = await InspectVariables(kernels).call({"names": [hostile]}, context)
    assert result.content["text/plain"] == "Not defined: x"
    [(_, expression)] = kernels.asked
    namespace: dict[str, Any] = {"user_ns": {hostile: 1}, "user_ns_hidden": {}}
    shell = type("Shell", (), namespace)()
    found = json.loads(eval(expression, {"get_ipython": lambda: shell}))
    assert [each["name"] for each in found["variables"]] == [hostile]


class Hostile:
    def __repr__(self) -> str:
        raise SystemExit

    __len__ = __str__ = __getattr__ = __repr__  # type: ignore[assignment]


def test_no_code_of_the_users_classes_is_called() -> None:
    class Numbers(list[int]):
        def __len__(self) -> int:
            raise SystemExit

    found = json.loads(
        described({"h": Hostile(), "in_list": [Hostile()], "sub": Numbers(), "f": len}, {}, None)
    )
    facts = {each["name"]: each["facts"] for each in found["variables"]}
    assert facts == {"h": [], "in_list": ["1 items", "[<Hostile>]"], "sub": [], "f": []}


def test_large_values_and_many_variables_are_cut() -> None:
    many = {f"v{n}": "x" * 100_000 for n in range(1_000)} | {"huge": 10**100_000}
    text = described(many, {}, None)
    assert len(text) < 100_000
    assert json.loads(text)["left_out"] == 801
    assert "<int of" in described(many, {}, ["huge"])
