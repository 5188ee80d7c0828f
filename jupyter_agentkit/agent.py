"""An agent as a notebook writes it: a name, the notebook's own functions, a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, cast, overload

from pydantic import TypeAdapter

from agentkit.core.protocol import AgentConfig, Limits, ScriptedTurn, Verdict
from agentkit.errors import InvalidInput
from agentkit.server.input import checked
from agentkit.tools.function import FunctionTool
from agentkit.tools.protocol import Tool
from jupyter_agentkit.client import connect
from jupyter_agentkit.host import Frame
from jupyter_agentkit.mapping import AgentMap
from jupyter_agentkit.policy import agent_policy, checked_verdict
from jupyter_agentkit.showing import as_shown
from jupyter_agentkit.starting import OnAsk, checked_limits, start_body
from jupyter_agentkit.widget import AgentRun

_CONFIG = TypeAdapter(AgentConfig)


@overload
def tool(
    function: None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    policy: Verdict = "allow",
    side_effects: bool | None = None,
) -> Callable[[Callable[..., Any]], FunctionTool]: ...
@overload
def tool(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    policy: Verdict = "allow",
    side_effects: bool | None = None,
) -> FunctionTool: ...
def tool(
    function: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    policy: Verdict = "allow",
    side_effects: bool | None = None,
) -> FunctionTool | Callable[[Callable[..., Any]], FunctionTool]:
    """Make a tool of a function of the notebook: ``@tool``, ``@tool(name=…)`` or ``tool(f)``.

    Its value is shown as a cell would show it.

    Parameters
    ----------
    function
        With annotations; the model is told its docstring.
    name
        What the model calls it; the function's name when left out.
    description
        What the model is told of it; taken from the docstring when left out.
    policy
        What happens when the agent calls it: ``allow`` runs it, ``ask`` asks first, ``deny`` refuses.
        The agent's own ``policy`` counts before it.
    side_effects
        Whether a second call would do once more what the first did, such as send a mail: then a resumed run
        asks before it repeats a call that was cut off. Left out, what asks is held to have them.

    Raises
    ------
    InvalidInput
        It cannot be described to a model.
    """
    verdict = checked_verdict(policy)
    if function is None:
        return partial(
            tool, name=name, description=description, policy=verdict, side_effects=side_effects
        )
    if isinstance(function, FunctionTool):  # made a tool before: what is said now counts
        name = name or function.spec.name
        description = function.spec.description if description is None else description
        side_effects = function.spec.side_effects if side_effects is None else side_effects
        function = function.function
    made = FunctionTool(
        function, name=name, description=description, side_effects=side_effects, display=as_shown
    )
    made.policy = verdict
    return made


class Agent:
    """An agent of this notebook.

    Parameters
    ----------
    name
        Letters, digits, ``_``, ``.`` and ``-``.
    tools
        What it may call: functions and ``@tool``s of the notebook, which run in this kernel, and names
        of tools that run on the server. Nothing else is offered to the model.
    model
        ``provider:model``, such as ``openai:gpt-5``; left out, the configured default answers, and the
        offline demo where nothing is configured.
    prompt
        Who the agent is and how it works, told to the model before the question.
    description
        One line for those who choose among agents.
    skills
        Names of the skills it may activate; left out, all that the server has.
    policy
        What it may do without being asked, by a tool's name or pattern: ``"allow"``, ``"ask"``,
        ``"deny"``, or rules by the call's arguments, of which the first that fits counts:
        ``{"fetch": [{"when": {"url": "https://example.org/*"}, "then": "allow"}, {"then": "ask"}]}``.
        The tools' own policies and the server's stand behind it; what the server denies stays denied.
    limits
        A `Limits`, or its fields as a dict, such as ``{"max_steps": 10}``.
    task_mode
        ``react``: the tool loop. ``llm_generate``: one call of the model, without tools.
    script
        What the simulated ``demo`` provider plays in place of its rules, for shows that must not vary:
        turns such as ``{"say": "First a look.", "calls": [{"tool": "inspect_variables"}]}``, the calls
        with their ``arguments``. The calls are made, and the answer is composed of what they return. No
        other provider is given it.

    Raises
    ------
    InvalidInput
        Something cannot be used; the message names it.

    Examples
    --------
    >>> agent = Agent("analyst", tools=[region_total])
    >>> run = agent.run("Which region grew most?")
    """

    def __init__(
        self,
        name: str,
        *,
        tools: Iterable[Tool | Callable[..., Any] | str] = (),
        model: str | None = None,
        prompt: str = "",
        description: str = "",
        skills: Iterable[str] | None = None,
        policy: Mapping[str, Any] | None = None,
        limits: Limits | Mapping[str, Any] | None = None,
        task_mode: Literal["react", "llm_generate"] = "react",
        script: Iterable[ScriptedTurn | Mapping[str, Any]] | None = None,
    ) -> None:
        __tracebackhide__ = True
        given = _listed(tools, "tools")
        self._tools = _by_name([_as_tool(each) for each in given if not isinstance(each, str)])
        fields: dict[str, Any] = {
            "name": name,
            "description": description,
            "task_mode": task_mode,
            "prompt": {"identity": prompt},
            "model": model,
            "tools": tuple(each for each in given if isinstance(each, str)),
        }
        if skills is not None:
            fields["skills"] = tuple(_listed(skills, "skills"))
        if said := agent_policy(policy, self._tools.values()):
            fields["policy"] = said
        if limits is not None:
            fields["limits"] = checked_limits(limits)
        if script is not None:
            fields["script"] = tuple(_listed(script, "script"))
        self._config = checked(_CONFIG, fields, "The agent", "invalid_input")
        self._policy = policy

    @property
    def name(self) -> str:
        """Under which it is registered."""
        return self._config.name

    @property
    def config(self) -> AgentConfig:
        """As it is registered."""
        return self._config

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The notebook's own functions that it may call, by name."""
        return self._tools

    def run(
        self,
        input: str,
        *,
        limits: Limits | Mapping[str, Any] | None = None,
        task_id: str | None = None,
        thread: str | AgentRun | None = None,
        on_ask: OnAsk | None = None,
        model: str | None = None,
        tools: Iterable[Tool | Callable[..., Any] | str] | None = None,
    ) -> AgentRun:
        """Ask; the run goes on beside the notebook's cells, whatever they do.

        Parameters
        ----------
        input
            The question.
        limits
            For this run; what it leaves out is the agent's.
        task_id
            A name of its own for the run; left out, it is given one.
        thread
            The conversation that it goes on with: an earlier run of it, or its name. A new name begins
            one; left out, the run begins a conversation of its own.
        on_ask
            What it does when it has something to ask: ``"ask"`` and wait for an answer, or take
            ``"approve"`` or ``"deny"`` for it, or ``"fail"``. Left out, it asks, and fails where a
            program runs the notebook, since nobody is there.
        model, tools
            Others than the agent's, for this run.

        Returns
        -------
        The run, at once: show it to watch it, ``wait()`` for it or ``await`` it.

        Raises
        ------
        AgentKitError
            The run could not be started: no server, no such model, a ``task_id`` that exists, a
            conversation whose last run goes on.
            A server that does not answer is given up after 15 s.
        """
        __tracebackhide__ = True
        body = start_body(
            self.name, input, limits=limits, task_id=task_id, thread=thread, on_ask=on_ask
        )
        agent = self if tools is None else self._with(tools)
        config, offered = agent._sent(model)
        return AgentRun(connect().start(body, config=config, tools=offered))

    def map(
        self,
        inputs: Iterable[str],
        *,
        concurrency: int = 4,
        limits: Limits | Mapping[str, Any] | None = None,
        on_ask: OnAsk | None = None,
        model: str | None = None,
    ) -> AgentMap:
        """Ask many questions, each in a run of its own, some at a time.

        Parameters
        ----------
        inputs
            The questions: a list, or a column of a DataFrame.
        concurrency
            How many runs go on at the same time, from 1 to 100.
        limits, on_ask, model
            Of each run, as in ``run``.

        Returns
        -------
        The map, at once: show it to watch it, ``wait()`` for it or ``await`` it;
        ``to_dataframe()`` has the results in the order of the inputs.

        Raises
        ------
        InvalidInput
            Something cannot be used, such as an input that is no text; nothing was started.

        Examples
        --------
        >>> answers = agent.map(reviews["text"], concurrency=8)
        >>> answers.wait().to_dataframe()
        """
        __tracebackhide__ = True
        if isinstance(concurrency, bool) or not isinstance(concurrency, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInput(f"concurrency has to be a whole number, not {concurrency!r}.")
        if not 1 <= concurrency <= 100:
            raise InvalidInput(f"concurrency goes from 1 to 100, not {concurrency}.")
        client = connect()
        # All of them before the first is started, and in the cell: its threads know no cell.
        bodies = [
            start_body(self.name, each, limits=limits, on_ask=on_ask)
            for each in _listed(inputs, "inputs")
        ]
        config, tools = self._sent(model)

        def start(body: Frame) -> AgentRun:
            return AgentRun(client.start(body, config=config, tools=tools))

        return AgentMap(client, bodies, start, concurrency)

    def _with(self, tools: Iterable[Tool | Callable[..., Any] | str]) -> Agent:
        config = self._config
        fields: dict[str, Any] = {"skills": config.skills, "limits": config.limits}
        return Agent(
            self.name,
            tools=tools,
            model=config.model,
            prompt=config.prompt.identity,
            description=config.description,
            policy=self._policy,
            task_mode=config.task_mode,
            **fields,
        )

    def _sent(self, model: str | None) -> tuple[AgentConfig, Mapping[str, Tool]]:
        """What the host is given with each run."""
        __tracebackhide__ = True
        config = self._config
        if model is not None:
            if not isinstance(model, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise InvalidInput(f"model has to be a text such as 'demo', not {model!r}.")
            config = config.model_copy(update={"model": model})
        return config, self._tools if config.task_mode == "react" else {}

    def __repr__(self) -> str:
        tools = ", ".join(self._tools) or "no tools of this notebook"
        model = f", model={self._config.model!r}" if self._config.model else ""
        return f"<Agent {self.name!r}{model}: {tools}>"


def _listed(given: object, what: str) -> list[Any]:
    """A text is iterable too, and so is every letter of it: say so instead of offering letters."""
    __tracebackhide__ = True
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidInput(f"{what} has to be a list, not {given!r}: write {what}=[…].")
    return list(cast("Iterable[Any]", given))


def _as_tool(given: Tool | Callable[..., Any]) -> Tool:
    return given if isinstance(given, Tool) else tool(given)


def _by_name(tools: list[Tool]) -> dict[str, Tool]:
    __tracebackhide__ = True
    named: dict[str, Tool] = {}
    for each in tools:
        if each.spec.name in named:
            raise InvalidInput(
                f"Two tools are named {each.spec.name!r}. Give one of them another name with "
                "tool(function, name=…)."
            )
        named[each.spec.name] = each
    return named
