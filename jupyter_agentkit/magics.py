"""The magics: ``%%agent`` asks, ``%agents`` and ``%tasks`` list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args
from urllib.parse import urlencode

import IPython.core.magic_arguments
import IPython.display
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from agentkit.core.protocol import TaskStatus
from agentkit.errors import Conflict, InvalidInput, NotFound
from agentkit.tools.protocol import Tool
from agentkit.trace.words import duration, moment
from jupyter_agentkit.agent import Agent
from jupyter_agentkit.client import connect
from jupyter_agentkit.listing import Listing
from jupyter_agentkit.starting import OnAsk, start_body
from jupyter_agentkit.widget import AgentRun

# Both are untyped.
_magic_arguments: Any = IPython.core.magic_arguments
_ipython: Any = IPython.display
argument = _magic_arguments.argument

_OPTIONS = ("--model", "--thread", "--tools", "--on-ask", "--output")


@magics_class
class AgentMagics(Magics):
    """Asks agents in cells of their own, and lists agents and tasks."""

    # The help names it with one "%" more than IPython would.
    @_magic_arguments.magic_arguments(name="%agent")
    @argument(
        "name",
        metavar="NAME",
        help="An Agent: the variable that holds it, or its name; or a registered agent's name.",
    )
    @argument("--model", metavar="M", help="Another model for this run: provider:model.")
    @argument(
        "--thread",
        metavar="T",
        help="The conversation to go on with: a variable that holds an earlier run, or its name; a "
        "new name begins one.",
    )
    @argument(
        "--tools",
        metavar="A,B",
        help="Other tools for this run: functions of the notebook and names of the server's tools.",
    )
    @argument(
        "--on-ask",
        choices=get_args(OnAsk),
        help="When the run has something to ask: ask, take this for the answer, or fail. Left out, "
        "it asks where somebody is there, and else fails.",
    )
    @argument("-o", "--output", metavar="VARIABLE", help="The variable that is given the run.")
    @cell_magic
    def agent(self, line: str, cell: str) -> None:
        """Ask the agent what the cell says, and show its run live.

        The variable of ``-o`` holds the run: ``.result`` is the answer's text, ``.wait()`` waits for it,
        ``.answer(…)`` answers what it asks, and ``--thread VARIABLE`` goes on from it.
        """
        options = _magic_arguments.parse_argstring(self.agent, line)
        if options.output is not None and not options.output.isidentifier():
            raise UsageError(f"-o needs the name of a variable, not {options.output!r}.")
        question = cell.strip()
        if not question:
            raise UsageError("The cell has no question: write it below the %%agent line.")
        try:
            run = self._run(options, question)
        except (InvalidInput, NotFound, Conflict) as error:
            raise UsageError(error.message) from None
        if options.output is not None:
            self._shell.push({options.output: run})
        _ipython.display(run)

    @_magic_arguments.magic_arguments()
    @line_magic
    def agents(self, line: str) -> Listing:
        """List the agents: those that variables of this notebook hold, and those on the server."""
        _magic_arguments.parse_argstring(self.agents, line)
        held = self._held()
        rows = [
            [agent.name, name, agent.config.model or "", ", ".join(_tools(agent)), _about(agent)]
            for name, agent in sorted(held.items())
        ]
        known = {agent.name for agent in held.values()}
        rows += [
            [each["name"], "", each["model"] or "", ", ".join(each["tools"] or ()), _said(each)]
            for each in connect().get("agents")["agents"]
            if each["name"] not in known
        ]
        return Listing(
            ["Agent", "Variable", "Model", "Tools", "Description"],
            rows,
            "No agents: write analyst = Agent('analyst', tools=[…]) to make one.",
        )

    @_magic_arguments.magic_arguments()
    @argument("--status", metavar="S", help=f"Only those in a state: {', '.join(TaskStatus)}.")
    @argument("--agent", metavar="A", help="Only those of an agent: its name, or a variable.")
    @argument("-n", metavar="N", default="20", help="How many, from 1 to 1000; 20 when left out.")
    @line_magic
    def tasks(self, line: str) -> Listing:
        """List recent tasks, the newest first. ``AgentRun("<its id>")`` shows one of them."""
        options = _magic_arguments.parse_argstring(self.tasks, line)
        if options.status is not None and options.status not in list(TaskStatus):
            known = ", ".join(TaskStatus)
            raise UsageError(f"There is no state {options.status!r}; the states are: {known}.")
        if not options.n.isdecimal() or not 1 <= int(options.n) <= 1000:
            raise UsageError(f"-n needs a number from 1 to 1000, not {options.n!r}.")
        held = self._held().get(options.agent)
        given = {
            "status": options.status,
            "agent": held.name if held else options.agent,
            "limit": options.n,
        }
        query = urlencode({name: value for name, value in given.items() if value is not None})
        rows = [
            [
                each["status"].replace("_", " "),
                each["agent"],
                each["input"],
                _elapsed(each),
                each["task_id"],
            ]
            for each in connect().get(f"tasks?{query}")["tasks"]
        ]
        return Listing(["State", "Agent", "Question", "Time", "Task"], rows, "No such tasks.")

    @property
    def _shell(self) -> Any:
        return self.shell

    def _held(self) -> dict[str, Agent]:
        return held_agents(self._shell)

    def _run(self, options: Any, question: str) -> AgentRun:
        name = options.name
        held = self._shell.user_ns.get(name)
        thread = self._thread(options.thread)
        if (agent := self._agent(name)) is not None:
            return agent.run(
                question,
                model=options.model,
                thread=thread,
                on_ask=options.on_ask,
                tools=None if options.tools is None else self._listed_tools(options.tools),
            )
        for option in ("model", "tools"):
            if getattr(options, option) is not None:
                raise UsageError(
                    f"--{option} goes with a variable that holds an Agent, and {name!r} is none: "
                    f"write {_as_variable(name)} = Agent({name!r}) first."
                )
        body = start_body(name, question, thread=thread, on_ask=options.on_ask)
        try:
            return AgentRun(connect().start(body))
        except NotFound as error:
            if error.reason != "agent_not_found":
                raise
            what = "is not defined" if held is None else f"holds {type(held).__name__}, no Agent"
            raise UsageError(
                f"The variable {name!r} {what}, and no agent is registered under that name. Write "
                f"{_as_variable(name)} = Agent({name!r}, tools=[…]) first; %agents lists the agents."
            ) from None

    def _agent(self, name: str) -> Agent | None:
        """The agent that a variable of that name holds, else the last one that has the name itself."""
        held = self._shell.user_ns.get(name)
        if isinstance(held, Agent):
            return held
        # Registered as it is, it would run without the notebook's functions.
        named = [agent for agent in self._held().values() if agent.name == name]
        return named[-1] if named else None

    def _thread(self, given: str | None) -> str | AgentRun | None:
        held = self._shell.user_ns.get(given)
        return held if isinstance(held, AgentRun) else given

    def _listed_tools(self, given: str) -> list[Any]:
        names = [name.strip() for name in given.split(",") if name.strip()]
        return [self._tool(name) for name in names]

    def _tool(self, name: str) -> Any:
        held = self._shell.user_ns.get(name)
        if held is None or isinstance(held, Tool) or callable(held):
            return name if held is None else held
        raise UsageError(
            f"--tools: the variable {name!r} holds {type(held).__name__}, no function."
        )


def held_agents(shell: Any) -> dict[str, Agent]:
    """The agents that variables of the notebook hold, by the variable."""
    named = shell.user_ns.items()
    return {
        name: value
        for name, value in named
        if isinstance(value, Agent) and not name.startswith("_")
    }


def complete_agent(shell: Any, event: Any) -> list[str]:
    """What may come next on a line ``%%agent``."""
    before = event.text_until_cursor.split()
    last = before[-1] if event.text_until_cursor.endswith(" ") else before[-2]
    if last == "--on-ask":
        return list(get_args(OnAsk))
    if last == "--thread":
        held = shell.user_ns.items()
        return [name for name, value in held if isinstance(value, AgentRun) and name[0] != "_"]
    if last.startswith("%%"):
        return sorted(held_agents(shell))
    return list(_OPTIONS)


def _tools(agent: Agent) -> list[str]:
    return [*agent.tools, *(agent.config.tools or ())]


def _about(agent: Agent) -> str:
    return agent.config.description or agent.config.prompt.identity


def _said(config: dict[str, Any]) -> str:
    return config["description"] or config["prompt"]["identity"]


def _as_variable(name: str) -> str:
    return name if name.isidentifier() else "agent"


def _elapsed(task: dict[str, Any]) -> str:
    first = moment(task["started_at"])
    if first is None:
        return ""
    last = moment(task["finished_at"]) or datetime.now(UTC)
    return duration((last - first).total_seconds() * 1000)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add ``%%agent``, ``%agents`` and ``%tasks``: what ``%load_ext jupyter_agentkit`` calls."""
    shell.register_magics(AgentMagics)
    shell.set_hook("complete_command", complete_agent, str_key="%%agent")
