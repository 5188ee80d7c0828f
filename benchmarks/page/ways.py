"""The ways by which something that happens in a program reaches a page of JupyterLab."""

from __future__ import annotations

from dataclasses import dataclass

_KERNEL = """\
import time
from paced_model import Clock
def pace(tell, count={count}, every={every}):
    clock, began = Clock(), time.perf_counter()
    for number in range(count):
        time.sleep(max(0, began + number * every - time.perf_counter()))
        tell(clock.say())
    clock.keep()
"""

_AGENT = """\
from jupyter_agentkit import Agent
agent = Agent("bench", model="clock:{count}x{every}", task_mode="llm_generate", limits={{"seconds": 600}})
agent.run("What time is it?")"""

_OUTPUT = ".jp-Notebook .jp-Cell:nth-child(2) .jp-OutputArea"


@dataclass(frozen=True, slots=True)
class Way:
    """A way, as a notebook that says ``count`` words, one every ``every`` seconds.

    Attributes
    ----------
    where
        The elements of the page in which events are looked for.
    """

    name: str
    cells: tuple[str, ...]
    where: str


AGENTKIT = Way("agentkit", (_AGENT,), "agentkit-trace")
ASLEEP = Way("agentkit, kernel asleep", (_AGENT, "import time; time.sleep(600)"), "agentkit-trace")
BUSY = Way("agentkit, kernel in a loop", (_AGENT, "while True: pass"), "agentkit-trace")

OTHERS = (
    Way(
        "ipywidget message",
        (
            _KERNEL
            + """\
import anywidget
class Told(anywidget.AnyWidget):
    _esm = '''export default {{ render({{ model, el }}) {{
        el.classList.add("told");
        model.on("msg:custom", text => el.append(text));
    }} }}'''
told = Told()
told""",
            "pace(told.send)",
        ),
        ".told",
    ),
    Way(
        "update_display",
        (
            _KERNEL,
            """\
shown = display({{"text/plain": ""}}, raw=True, display_id=True)
pace(lambda text: shown.update({{"text/plain": text}}, raw=True))""",
        ),
        _OUTPUT,
    ),
    Way("print", (_KERNEL, 'pace(lambda text: print(text, end=""))'), _OUTPUT),
)
