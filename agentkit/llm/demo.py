"""The demo provider: it answers without a language model, by rules, and says so.

It lets a person see a run, with real tools and their real results, before any key is set. It is used
only when nothing is configured, or when it is named. It reports no usage, and runs are simulated.

The rules
---------
1. *Words.* The last message of the user is cut into words, which are stemmed ("flippers" →
   "flipper"); a few synonyms count as one ("average" and "mean", "heaviest" and "mass").
2. *Choice.* A tool is scored by the question's words that occur in its name (3 each), in the names
   and listed values of its parameters and in its description's first sentence (2), in the rest of the
   description (1). The best is taken, its words are struck out, and the next is taken while it
   still has half the best score. Tools whose name says that they draw ("plot", "chart",
   "histogram", …) are taken when the question asks for a picture, and only then.
3. *Arguments* come from the question, by the schema: listed values that it names, numbers, text in
   quotation marks, capitalised words, values that earlier results named; what has a default is
   left out. When a required one stays open, a tool without required arguments that lists values
   (such as ``list_species`` for ``species``) is called first; failing that, the tool is not called.
4. *Several calls.* Two named values make two calls. "Each", "compare", "which … the most" and the
   like make one call for every listed value, 12 at most, all in one turn.
5. *Turns.* First look-ups, then the other tools, pictures last; at most three turns of calls.
6. *Answer.* Numbers are read from the results (JSON, tables, text); when the question asks for the
   most or the least, or several values were asked, they are ranked. Other results are quoted.
   What failed, or could not be called, is named.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncGenerator, Iterable, Sequence

from agentkit.core.protocol import ToolSpec
from agentkit.llm.protocol import ChatMessage, LLMResponse, Piece, TextPiece
from agentkit.llm.scripted import Request, ScriptedProvider, Turn
from agentkit.llm.streaming import Streaming

MODEL = "demo-rules"
PACE = 0.035
"""Seconds between two pieces of text: a little faster than people read."""

_MOST_PIECES = 100


class DemoProvider(Streaming):
    """A provider without a language model: rules (see the module), or a script.

    Parameters
    ----------
    script
        Turns to play instead of the rules (see ``agentkit.llm.scripted``).
    pace
        Seconds between two pieces of text; 0 in tests.
    """

    simulated = True
    default_model = MODEL

    def __init__(self, script: Iterable[Turn] | None = None, *, pace: float = PACE) -> None:
        self._script = None if script is None else ScriptedProvider(script)
        self.pace = pace

    @property
    def requests(self) -> list[Request]:
        """What a scripted one was asked so far; the rules keep nothing."""
        return [] if self._script is None else self._script.requests

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> AsyncGenerator[Piece]:
        """Answer word by word; ``model`` is of no matter to the rules."""
        if self._script is not None:
            return self._script.stream(messages, model=model, tools=tools)
        # Half a thousand lines that nobody needs who has a model.
        from agentkit.llm.demo_rules import respond

        return spoken(respond(messages, tools), self.pace)


async def spoken(response: LLMResponse, pace: float) -> AsyncGenerator[Piece]:
    """A response, word by word; ``pace`` is in seconds."""
    words = re.findall(r"\s*\S+\s*?(?=\s|$)", response.content)
    at_once = math.ceil(len(words) / _MOST_PIECES) or 1
    for start in range(0, len(words), at_once):
        await asyncio.sleep(pace)
        yield TextPiece("".join(words[start : start + at_once]))
    yield response
