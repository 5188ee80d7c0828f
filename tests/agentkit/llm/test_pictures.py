"""A model that does not take pictures is asked without them, and the reader is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from agentkit.errors import ProviderRejected
from agentkit.llm.pictures import PicturesOptional
from agentkit.llm.protocol import ChatMessage, Image, LLMResponse, Notice, Piece, ToolCall
from tests.agentkit.llm.dialects import (
    ALL,
    KEY,
    QUESTION,
    Anthropic,
    AnthropicThroughPydanticAI,
    OpenAI,
    drained,
)
from tests.agentkit.llm.wire import Reply, Seen, wire

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DRAWN = [
    ChatMessage("user", "Draw."),
    ChatMessage("assistant", tool_calls=[ToolCall("a", "draw")]),
    ChatMessage(
        "tool", "[image/png]", tool_call_id="a", name="draw", images=[Image("image/png", PIXEL)]
    ),
]
IT = OpenAI()


def asked(
    dialect: OpenAI | Anthropic, messages: list[ChatMessage], *replies: Reply
) -> tuple[list[Piece], list[Seen]]:
    async def ask() -> tuple[list[Piece], list[Seen]]:
        async with wire(*replies) as server:
            pieces = await drained(PicturesOptional(dialect.provider(server.url)), messages)
            return pieces, server.seen

    return asyncio.run(ask())


def refusing(message: str = "this model does not support images") -> Reply:
    return Reply(400, body=IT.error(message))


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
def test_a_refused_picture_is_left_out_and_the_reader_is_told(dialect: OpenAI | Anthropic) -> None:
    no = Reply(400, body=dialect.error("this model does not support images"))
    pieces, seen = asked(dialect, DRAWN, no, Reply(chunks=dialect.whole()))
    assert [PIXEL in json.dumps(each.body) for each in seen] == [True, False]
    assert "[image/png]" in json.dumps(seen[1].body)
    [notice] = [piece for piece in pieces if isinstance(piece, Notice)]
    assert notice.reason == "images_refused"
    assert "does not support images" in notice.message
    assert pieces[0] is notice
    assert isinstance(pieces[-1], LLMResponse)
    assert pieces[-1].content == "Hello"


def test_a_refusal_that_does_not_name_the_picture_is_tried_without_it_too() -> None:
    no = refusing("messages.1.content: Input should be a valid string")
    pieces, seen = asked(IT, DRAWN, no, Reply(chunks=IT.whole()))
    assert len(seen) == 2
    assert isinstance(pieces[0], Notice)


def test_the_reader_is_told_once_for_each_picture() -> None:
    later = [*DRAWN, ChatMessage("assistant", "Drawn."), ChatMessage("user", "Thanks.")]
    pieces, seen = asked(IT, later, refusing(), Reply(chunks=IT.whole()))
    assert len(seen) == 2
    assert not any(isinstance(piece, Notice) for piece in pieces)


def test_a_request_that_is_refused_for_another_reason_says_that_reason() -> None:
    with pytest.raises(ProviderRejected, match="no such thing") as caught:
        asked(IT, DRAWN, refusing(), Reply(400, body=IT.error("no such thing")))
    assert caught.value.reason == "provider_rejected"


@pytest.mark.parametrize(
    ("reply", "messages"),
    [
        (Reply(401, body=IT.error("bad key")), DRAWN),
        (refusing(), QUESTION),
    ],
    ids=["wrong key", "no picture"],
)
def test_nothing_is_asked_twice_where_pictures_are_not_the_reason(
    reply: Reply, messages: list[ChatMessage]
) -> None:
    with pytest.raises(ProviderRejected):
        asked(IT, messages, reply)


def test_a_picture_that_is_taken_is_sent_once_in_a_message_of_the_user() -> None:
    pieces, seen = asked(IT, DRAWN, Reply(chunks=IT.whole()))
    sent: list[dict[str, Any]] = seen[0].body["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool", "user"]
    assert not any(isinstance(piece, Notice) for piece in pieces)


def test_what_the_provider_can_do_is_handed_on() -> None:
    provider = PicturesOptional(AnthropicThroughPydanticAI().provider("http://127.0.0.1:9"))
    assert provider.vendor == "http://127.0.0.1:9"
    assert provider.missing is None
    assert not provider.simulated
    assert provider.default_model == ""
    assert KEY not in repr(provider)
