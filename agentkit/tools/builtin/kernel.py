"""Tools that work in the kernel of the notebook from which a run was started."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from agentkit.core.protocol import ToolSpec, Verdict
from agentkit.tools.builtin import in_kernel
from agentkit.tools.builtin.outputs import Outputs, traceback_of
from agentkit.tools.builtin.ports import Ears, Kernels, Output, Raised
from agentkit.tools.display import cut_text
from agentkit.tools.faults import explain_arguments
from agentkit.tools.json_schema import parameters_schema
from agentkit.tools.protocol import Tool, ToolContext, ToolResult

TOLD_CHARS = 4_000
"""Of what failed code had printed, for the model."""
STOP_SECONDS = 2.0
"""For a kernel to hear an interrupt and write its traceback. Code that goes on is left behind, and the run
says so."""

_NO_NOTEBOOK = (
    "This run was not started from a notebook's kernel, so there is no kernel to work in. Start it in a"
    " notebook, with agent.run(…)."
)
_LINE = re.compile(r"^-+> *(\d+) ", re.MULTILINE)
"""How IPython marks the line of a frame that raised."""


class _Code(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str = Field(
        min_length=1,
        max_length=200_000,
        description="Python, as in a cell of the notebook. The value of a last expression is returned.",
    )


_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Names(BaseModel):
    model_config = ConfigDict(extra="forbid")

    names: list[_Name] | None = Field(
        default=None,
        max_length=100,
        description="Variables to look at; left out, all that the notebook has defined.",
    )


class RunPython(Tool):
    """Runs code in the notebook's kernel."""

    runs_in = "kernel"
    grace = STOP_SECONDS
    policy: Verdict = "ask"
    asks_because = "It runs code in the notebook's kernel, which may do all that the notebook may."
    spec = ToolSpec(
        name="run_python",
        description="Run Python code in the kernel of the user's notebook and get what it prints and"
        " shows: text, tables, figures. The variables of the notebook are there, and those that the code"
        " defines stay. Code that runs long should print how far it is.",
        parameters=parameters_schema(_Code),
    )

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Run it; an exception in the code is a failure with its name, message and line."""
        try:
            code = _Code.model_validate(arguments).code
        except ValidationError as error:
            return _unfit(self.spec.name, error, arguments, _Code)
        if context.origin is None:
            return ToolResult.failed(_NO_NOTEBOOK, "no_notebook")
        outputs, said = Outputs(), ""

        def take(output: Output) -> None:
            nonlocal said
            outputs.add(output)
            # A print is heard in pieces: the text, and the end of its line.
            if (news := outputs.news) and news != said:
                said = news
                context.progress(0, None, news)

        await self._kernels.execute(context.origin.kernel_id, code, Ears(take, _saying(context)))
        return result_of(outputs)


class InspectVariables(Tool):
    """Says what the notebook's variables are."""

    runs_in = "kernel"
    grace = STOP_SECONDS
    spec = ToolSpec(
        name="inspect_variables",
        description="List the variables of the user's notebook: name, type, shape or length, columns with"
        " their types, and the beginning of the value. Changes nothing.",
        parameters=parameters_schema(_Names),
    )

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Look; a name that is not defined is said to be so."""
        try:
            names = _Names.model_validate(arguments).names
        except ValidationError as error:
            return _unfit(self.spec.name, error, arguments, _Names)
        if context.origin is None:
            return ToolResult.failed(_NO_NOTEBOOK, "no_notebook")
        text = await self._kernels.evaluate(
            context.origin.kernel_id, _looking(names), Ears(say=_saying(context))
        )
        try:
            found: dict[str, Any] = json.loads(text)
        except ValueError:
            return ToolResult.failed("The kernel's answer cannot be read.", "evaluation_failed")
        return ToolResult("success", {"text/plain": _as_lines(found), "application/json": found})


def _saying(context: ToolContext) -> Callable[[str], None]:
    return lambda message: context.progress(0, None, message)


def _unfit(
    name: str, error: ValidationError, arguments: object, shape: type[BaseModel]
) -> ToolResult:
    message = explain_arguments(name, error, arguments, list(shape.model_fields))
    return ToolResult.failed(message, "invalid_arguments")


def result_of(outputs: Outputs) -> ToolResult:
    """What code gave, as the result of the call that ran it."""
    if outputs.raised is None:
        return ToolResult("success", outputs.bundle())
    return _raised(outputs, outputs.raised)


def _raised(outputs: Outputs, raised: Raised) -> ToolResult:
    trace = traceback_of(raised)
    line = _LINE.search(trace)
    place = f" (line {line[1]})" if line else ""
    said = cut_text(f"{raised.name}: {raised.message}".rstrip(": "), 2_000)[0]
    printed = outputs.printed
    whole = f"{printed}\n\n{trace}" if printed else trace
    reason = "interrupted" if raised.name == "KeyboardInterrupt" else "python_error"
    result = ToolResult.failed(f"{said}{place}", reason, {**outputs.bundle(), "text/plain": whole})
    if reason == "interrupted":
        result.outcome = "interrupted"
    if printed:
        result.note = f"It had printed:\n{cut_text(printed, TOLD_CHARS)[0]}"
    return result


def _looking(names: list[str] | None) -> str:
    """An expression that runs `in_kernel` in a namespace of its own: the notebook's stays as it is."""
    source = inspect.getsource(in_kernel)
    given = json.dumps(names) if names is not None else "None"
    return (
        f"(lambda own: (exec({source!r}, own), own['described']("
        f"get_ipython().user_ns, get_ipython().user_ns_hidden, {given}))[1])({{'__name__': 'agentkit'}})"
    )


def _as_lines(found: dict[str, Any]) -> str:
    lines = [
        " · ".join(
            str(part) for part in (f"{each['name']}: {each['type']}", *each["facts"]) if part
        )
        for each in found["variables"]
    ]
    if found["missing"]:
        lines.append(f"Not defined: {', '.join(found['missing'])}")
    if found["left_out"]:
        lines.append(f"… and {found['left_out']:,} more; ask for them by name.")
    return "\n".join(lines) or "The notebook has no variables yet."
