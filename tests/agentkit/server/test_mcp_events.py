from __future__ import annotations

import pytest

from agentkit.server.mcp_events import KEPT_EVENTS, SentEvents, current_session

pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")


async def replayed(sent: SentEvents, session: str, last: str) -> tuple[str | None, list[str]]:
    """What a session is sent again after a message: the stream, and the messages."""
    messages: list[str] = []

    async def take(event: object) -> None:
        messages.append(event.message)  # pyright: ignore

    current_session.set(session)
    return await sent.replay_events_after(last, take), messages


async def test_what_was_missed_on_a_stream_is_sent_again_in_order() -> None:
    sent = SentEvents()
    current_session.set("a")
    first = await sent.store_event("1", None)
    await sent.store_event("1", "one")
    await sent.store_event("2", "of another stream")
    await sent.store_event("1", "two")
    assert await replayed(sent, "a", first) == ("1", ["one", "two"])


async def test_a_message_of_another_session_is_unknown() -> None:
    sent = SentEvents()
    current_session.set("a")
    first = await sent.store_event("1", "one")
    await sent.store_event("1", "secret")
    current_session.set("b")
    await sent.store_event("1", "mine")
    assert await replayed(sent, "b", first) == (None, [])


async def test_a_session_keeps_no_more_than_its_last_messages() -> None:
    sent = SentEvents()
    current_session.set("a")
    first = await sent.store_event("1", "first")
    second = await sent.store_event("1", "second")
    for number in range(KEPT_EVENTS - 1):
        await sent.store_event("1", str(number))
    assert await replayed(sent, "a", first) == (None, [])
    assert (await replayed(sent, "a", second))[0] == "1"


async def test_an_ended_session_is_forgotten() -> None:
    sent = SentEvents()
    current_session.set("a")
    first = await sent.store_event("1", "first")
    sent.forget("a")
    assert await replayed(sent, "a", first) == (None, [])
