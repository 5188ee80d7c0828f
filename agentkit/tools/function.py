"""A typed Python function as a tool."""

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial, update_wrapper
from typing import Any, overload

from pydantic import ValidationError

from agentkit.core.protocol import CancellationToken, ErrorInfo, MimeBundle, ToolSpec
from agentkit.errors import AgentKitError, InvalidInput
from agentkit.tools.bundle import PLAIN, to_bundle
from agentkit.tools.faults import explain_arguments, last_line, traceback_text
from agentkit.tools.protocol import Tool, ToolContext, ToolResult
from agentkit.tools.signature import Signature, function_label
from agentkit.tools.threads import Ended, run_in_thread


class FunctionTool(Tool):
    """A Python function that a model can call.

    The signature and its annotations become the JSON Schema of the parameters; their descriptions come
    from the docstring (numpydoc, Google or reST) or from ``Annotated[…, Field(description=…)]``.
    A parameter annotated `ToolContext` is filled in and hidden from the model. A coroutine
    function runs on the loop, any other in a thread. The tool itself can be called like the function.

    Parameters
    ----------
    function
        The function. It may return any value: ``display`` turns it into a MIME bundle; a `ToolResult`
        is passed on as it is.
    name
        What the model calls it; the function's name when left out.
    description
        What the model is told of it; taken from the docstring when left out.
    side_effects
        Whether a second call would do once more what the first did, such as send a mail: then a resumed run
        asks before it repeats one. Left out, only a tool whose policy is ``ask`` is held to have them.
    display
        Turns the returned value into a MIME bundle; runs in a thread.

    Raises
    ------
    InvalidInput
        It cannot be described to a model; the message names the function and the parameter.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        side_effects: bool | None = None,
        display: Callable[[Any], MimeBundle] = to_bundle,
    ) -> None:
        if not callable(function):
            raise InvalidInput(f"{function!r} cannot be a tool: it is no function.")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise InvalidInput(
                f"{function_label(function)} cannot be a tool: it is a generator. Return a list, and "
                "tell of the progress through a parameter annotated ToolContext."
            )
        self.function = function
        self._signature = Signature(function)
        self._display = display
        self._is_async = _is_coroutine_function(function)
        self.spec = _checked_spec(
            function_label(function),
            name or getattr(function, "__name__", None),
            self._signature.description if description is None else description,
            self._signature.schema,
            side_effects,
        )
        update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself, as if it were no tool."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<FunctionTool {self.spec.name}>"

    async def call(self, arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        """Check the arguments, run the function, show its value as a MIME bundle."""
        try:
            values = self._signature.validate(arguments)
        except ValidationError as error:
            message = explain_arguments(
                self.spec.name, error, arguments, self._signature.parameter_names
            )
            return ToolResult.failed(message, "invalid_arguments")
        except Exception as error:  # a validator of the user's own types
            return _failure(error)
        own = _OwnContext(context, self.spec.name)
        args, kwargs = self._signature.bind(values, own.context)
        work = partial(self.function, *args, **kwargs)
        try:
            if self._is_async:
                ended = await _guarded(work)
            else:
                ended = await self._in_thread(work, own)
                if inspect.iscoroutine(coroutine := ended.value):
                    ended = await _guarded(lambda: coroutine)
            if ended.error is None and not isinstance(ended.value, ToolResult):
                show = partial(self._display, ended.value)
                plain = type(ended.value) in PLAIN  # a thread would cost more than all the rest
                ended = _at_once(show) if plain else await self._in_thread(show, own)
        finally:
            own.close()
        if ended.error is not None:
            return _failure(ended.error)
        if isinstance(ended.value, ToolResult):
            return ended.value
        return ToolResult("success", ended.value)

    async def _in_thread(self, work: Callable[[], Any], own: _OwnContext) -> Ended:
        return await run_in_thread(
            work, name=f"agentkit-tool-{self.spec.name}", left_behind=own.left_behind
        )


def _checked_spec(
    label: str,
    name: str | None,
    description: str,
    parameters: dict[str, Any],
    side_effects: bool | None,
) -> ToolSpec:
    """Build the spec; a name that a model cannot be given is refused."""
    if not name:
        raise InvalidInput(f"{label} cannot be a tool without a name: pass name=….")
    try:
        return ToolSpec(
            name=name,
            description=description,
            parameters=parameters,
            side_effects=side_effects,
        )
    except ValidationError as error:
        raise InvalidInput(
            f"{label} cannot be a tool under the name {name!r}: a tool's name is at most 64 of "
            "A-Z, a-z, 0-9, '_' and '-', and starts with a letter or '_'. Pass name=…."
        ) from error


def _at_once(work: Callable[[], Any]) -> Ended:
    try:
        return Ended(work())
    except BaseException as error:
        return Ended(error=error)


class _OwnContext:
    """The context of one call: it ends with the call, so that a thread left behind stays silent.

    Its token is cancelled with the run's, and also when the call alone is left behind, so that a
    function that looks at it ends in both cases.
    """

    def __init__(self, outer: ToolContext, tool_name: str) -> None:
        self._outer = outer
        self._tool_name = tool_name
        self._over = False
        self._token: CancellationToken | None = None
        self._forget: Callable[[], None] = lambda: None

    def context(self) -> ToolContext:
        """What the function is given, if it takes a context."""
        outer = self._outer
        token = self._token = CancellationToken()
        self._forget = outer.token.on_cancel(lambda: token.cancel(outer.token.reason))
        return replace(outer, token=token, progress=self._progress, warn=self._warn)

    def _progress(
        self, done: float, total: float | None = None, message: str | None = None
    ) -> None:
        if not self._over:
            self._outer.progress(done, total, message)

    def _warn(self, message: str, reason: str) -> None:
        if not self._over:
            self._outer.warn(message, reason)

    def left_behind(self) -> None:
        if self._token is not None:
            self._token.cancel("the call was left behind")
        self._outer.warn(
            f"The function '{self._tool_name}' could not be stopped. It goes on in the background; "
            "what it returns will be thrown away.",
            "tool_abandoned",
        )

    def close(self) -> None:
        self._over = True
        self._forget()


async def _guarded(work: Callable[[], Awaitable[Any]]) -> Ended:
    """Await it on the loop; whatever it raises by itself comes back as a value.

    A ``SystemExit`` that left the task would end the loop, and with it the server.
    """
    try:
        return Ended(await work())
    except GeneratorExit:
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return Ended(error=error)
    except BaseException as error:
        return Ended(error=error)


def _failure(error: BaseException) -> ToolResult:
    if isinstance(error, AgentKitError):  # written for its reader; a traceback adds nothing
        return ToolResult.failed(error.message, error.reason)
    line = last_line(error)
    content = {"text/plain": traceback_text(error)}
    if isinstance(error, KeyboardInterrupt | asyncio.CancelledError):
        return ToolResult("interrupted", content, ErrorInfo(message=line, reason="interrupted"))
    return ToolResult.failed(line, "tool_error", content)


def _is_coroutine_function(function: Callable[..., Any]) -> bool:
    called = function if inspect.isroutine(function) else type(function).__call__
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)


@overload
def as_tool(
    function: None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    side_effects: bool | None = None,
    display: Callable[[Any], MimeBundle] = to_bundle,
) -> Callable[[Callable[..., Any]], FunctionTool]: ...
@overload
def as_tool(
    function: Tool,
    *,
    name: str | None = None,
    description: str | None = None,
    side_effects: bool | None = None,
    display: Callable[[Any], MimeBundle] = to_bundle,
) -> Tool: ...
@overload
def as_tool(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    side_effects: bool | None = None,
    display: Callable[[Any], MimeBundle] = to_bundle,
) -> FunctionTool: ...
def as_tool(
    function: Tool | Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    side_effects: bool | None = None,
    display: Callable[[Any], MimeBundle] = to_bundle,
) -> Tool | Callable[[Callable[..., Any]], FunctionTool]:
    """Make a tool of a function: ``as_tool(f)``, ``@as_tool`` or ``@as_tool(name=…)``.

    Parameters are those of `FunctionTool`.

    Returns
    -------
    A `FunctionTool`; a `Tool` is given back, with what is said anew of it.

    Raises
    ------
    InvalidInput
        It cannot be described to a model.
    """
    if function is None:
        return partial(
            FunctionTool,
            name=name,
            description=description,
            side_effects=side_effects,
            display=display,
        )
    if not isinstance(function, Tool):
        return FunctionTool(
            function, name=name, description=description, side_effects=side_effects, display=display
        )
    if name is None and description is None and side_effects is None:
        return function
    renamed = copy.copy(function)
    renamed.spec = _checked_spec(
        repr(function),
        name or function.spec.name,
        function.spec.description if description is None else description,
        function.spec.parameters,
        function.spec.side_effects if side_effects is None else side_effects,
    )
    return renamed
