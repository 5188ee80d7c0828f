"""A server extension for tests and benchmarks: models that keep a steady pace.

``paced:5x0.2`` streams a sentence, calls ``tick`` with 1 to 5, waiting 0.2 s before each, and answers.
``clock:500x0.02`` streams the 500 words of a ``Clock``, 0.02 s apart.
``long-clock:500x0.02`` does so after 400 KiB of warnings, with ``[milliseconds since 1970]``.
``until:0.02`` says and does something every 0.02 s until there is a file of the name that it is asked.
``burst:4000`` waits until there is a file of the name that it is asked, and says 4000 warnings at once.
``write_line`` is a tool with side effects: it adds a line to a file, and waits while there is a ``…hold``.
What they do depends on the conversation alone, so any number of runs may use them at once.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

from agentkit.core.protocol import ToolSpec
from agentkit.llm.protocol import ChatMessage, LLMResponse, Notice, Piece, TextPiece, ToolCall
from agentkit.llm.streaming import Streaming
from agentkit.tools.function import FunctionTool
from agentkit.tools.protocol import ToolContext


class Clock:
    """Words in order, ``AAA``, ``AAB`` and so on, so that the end of a page tells how far it is.

    ``keep`` writes when each was said, in milliseconds since 1970, to ``~/said.json``.
    """

    PARAGRAPH = 20

    def __init__(self) -> None:
        self._times: list[float] = []

    def say(self) -> str:
        """The next word, with the space after it."""
        number = len(self._times)
        self._times.append(time.time() * 1000)
        word = "".join(chr(65 + number // power % 26) for power in (676, 26, 1))
        return word + ("\n\n" if number % self.PARAGRAPH == self.PARAGRAPH - 1 else " ")

    def keep(self) -> None:
        """Write down when each was said."""
        whole = Path.home() / "said.json.part"
        whole.write_text(json.dumps(self._times))
        whole.replace(Path.home() / "said.json")


class PacedModel(Streaming):
    """The model."""

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Go on from where the conversation stands."""
        turns, _, pause = (model or "3x0.1").partition("x")
        done = [message for message in messages if message.role == "tool"]
        if len(done) < int(turns):
            number = len(done) + 1
            for word in ("Calling ", "tick ", f"{number}."):
                await asyncio.sleep(float(pause) / 3)
                yield TextPiece(word)
            call = ToolCall(f"tick-{number}", "tick", {"number": number})
            yield LLMResponse(
                f"Calling tick {number}.",
                model or "",
                tool_calls=[call],
                finish_reason="tool_calls",
            )
            return
        answer = f"**{len(done)} ticks**: {', '.join(message.content for message in done)}"
        yield TextPiece(answer)
        yield LLMResponse(answer, model or "")


class ClockModel(PacedModel):
    """A model that talks in time."""

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Say a word again and again."""
        count, _, pause = (model or "10x0.1").partition("x")
        clock = Clock()
        said: list[str] = []
        began = time.perf_counter()
        for number in range(int(count)):
            due = began + number * float(pause)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            said.append(clock.say())
            yield TextPiece(said[-1])
        clock.keep()
        yield LLMResponse("".join(said), model or "")


class LongClockModel(PacedModel):
    """A model that has said a lot before it says what time it is."""

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Say 400 KiB, then the time again and again."""
        for _ in range(400):
            yield Notice("noise", "x" * 1_024)
        count, _, pause = (model or "10x0.1").partition("x")
        for _ in range(int(count)):
            await asyncio.sleep(float(pause))
            yield TextPiece(f"[{time.time() * 1000:.3f}] ")
        yield LLMResponse("done", model or "")


class UntilModel(PacedModel):
    """A model that goes on until it is told to stop."""

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Say a few words with a notice among them, and stop where there is the file."""
        number = len(messages)
        for part in ("Going ", Notice("noise", "x" * 200), f"on, {number}. "):
            await asyncio.sleep(float(model or "0.02"))
            yield TextPiece(part) if isinstance(part, str) else part
        said = f"Going on, {number}. "
        question = next(message for message in messages if message.role == "user")
        if Path(question.content).exists():  # noqa: ASYNC240 - another process makes it
            yield LLMResponse(said, model or "")
        else:
            call = ToolCall(f"call-{number}", "nothing", {"number": number})
            yield LLMResponse(said, model or "", tool_calls=[call], finish_reason="tool_calls")


class BurstModel(PacedModel):
    """A model that says all at once."""

    async def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Wait for the file, then say it."""
        go = Path(messages[-1].content)
        while not go.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
            await asyncio.sleep(0.01)
        for number in range(int(model or "10")):
            yield Notice("burst", f"[{number:018}] ")
        yield LLMResponse("done", model or "")


async def write_line(path: str, line: str, context: ToolContext) -> str:
    """Add a line to a file."""
    with Path(path).open("a") as file:  # noqa: ASYNC230 - a line
        file.write(f"{line}\n")
    context.progress(1, 1, f"{line} is written")
    while Path(f"{path}.{line}.hold").exists():  # noqa: ASYNC110, ASYNC240 - another process removes it
        await asyncio.sleep(0.01)
    return f"{line} stands there"


# Jupyter Server looks these two up by name.
def _jupyter_server_extension_points() -> list[dict[str, str]]:  # pyright: ignore[reportUnusedFunction]
    return [{"module": "paced_model"}]


def _load_jupyter_server_extension(server: Any) -> None:  # pyright: ignore[reportUnusedFunction]
    executor = server.web_app.settings["jupyter_agentkit"].hub.executor
    gateway = executor.gateway
    gateway.register_provider("paced", PacedModel())
    gateway.register_provider("clock", ClockModel())
    gateway.register_provider("burst", BurstModel())
    gateway.register_provider("until", UntilModel())
    gateway.register_provider("long-clock", LongClockModel())
    tool = FunctionTool(write_line, side_effects=True)
    executor.tools.register(tool, on_request=True)
