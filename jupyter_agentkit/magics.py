"""The ``%%agent`` magic."""

from __future__ import annotations

from typing import Any

import IPython.core.magic_arguments
import IPython.display
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class

from agentkit.errors import NotFound
from jupyter_agentkit.agent import Agent
from jupyter_agentkit.client import connect
from jupyter_agentkit.widget import AgentRun

# Both are untyped.
_magic_arguments: Any = IPython.core.magic_arguments
_ipython: Any = IPython.display
argument = _magic_arguments.argument


@magics_class
class AgentMagics(Magics):
    """Asks an agent in a cell of its own."""

    @_magic_arguments.magic_arguments()
    @argument("name", metavar="NAME", help="A variable that holds an Agent, or a registered agent.")
    @argument("--model", metavar="M", help="Another model for this run: provider:model.")
    @argument("-o", "--output", metavar="VARIABLE", help="The variable that is given the run.")
    @cell_magic
    def agent(self, line: str, cell: str) -> None:
        """Ask the agent what the cell says, and show its run live."""
        options = _magic_arguments.parse_argstring(self.agent, line)
        if options.output is not None and not options.output.isidentifier():
            raise UsageError(f"-o needs the name of a variable, not {options.output!r}.")
        question = cell.strip()
        if not question:
            raise UsageError("The cell has no question: write it below the %%agent line.")
        run = self._run(options.name, options.model, question)
        if options.output is not None:
            self._shell.push({options.output: run})
        _ipython.display(run)

    @property
    def _shell(self) -> Any:
        return self.shell

    def _run(self, name: str, model: str | None, question: str) -> AgentRun:
        held = self._shell.user_ns.get(name)
        if isinstance(held, Agent):
            return held.run(question, model=model)
        if model is not None:
            raise UsageError(
                f"--model goes with a variable that holds an Agent, and {name!r} is none: write "
                f"{name} = Agent({name!r}) first."
            )
        try:
            return AgentRun(connect().start({"agent": name, "input": question}))
        except NotFound as error:
            if error.reason != "agent_not_found":
                raise
            what = "is not defined" if held is None else f"holds {type(held).__name__}, no Agent"
            raise UsageError(
                f"The variable {name!r} {what}, and no agent is registered under that name. Write "
                f"{name} = Agent({name!r}, tools=[…]) first."
            ) from None


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add ``%%agent``: what ``%load_ext jupyter_agentkit`` calls."""
    shell.register_magics(AgentMagics)
