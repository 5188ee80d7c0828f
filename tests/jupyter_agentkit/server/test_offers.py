"""What is said on ``/ws/offers``, and follow-ups that are served by who said it."""

from __future__ import annotations

import pytest
from tornado.httpclient import HTTPClientError

from agentkit.llm.protocol import ToolCall
from jupyter_agentkit.address import KERNEL_KEY_HEADER
from tests.jupyter_agentkit.server.talk import Socket, Talk

LOOK = {"name": "look", "parameters": {"type": "object"}}
OFFER = {"type": "offer", "kernel_id": "k1", "agent": "analyst", "tools": [LOOK]}
ASKED = {"input": "?", "agent": "analyst"}


def kernel(talk: Talk) -> dict[str, str]:
    """What a kernel of the server sends."""
    return {KERNEL_KEY_HEADER: talk.app.settings["agentkit_kernel_key"]}


async def offers(talk: Talk) -> Socket:
    return await talk.open("/ws/offers", headers=kernel(talk))


async def asked(talk: Talk, *turns: object) -> None:
    """A finished task ``a`` of the kernel ``k1`` that had a function of its notebook."""
    talk.script("One.", *turns)  # pyright: ignore[reportArgumentType]
    body = {**ASKED, "task_id": "a", "client_tools": [LOOK], "origin": {"kernel_id": "k1"}}
    assert (await talk.ask("POST", "/tasks", body)).status == 201
    await talk.finish("a")


async def test_a_follow_up_is_run_with_the_functions_of_the_kernel_that_offers_them(
    talk: Talk,
) -> None:
    await asked(talk, ToolCall("1", "look", {}), "It is blue.")
    kernel = await offers(talk)
    await kernel.say(OFFER)
    await kernel.say({"type": "ping"})
    assert await kernel.hear() == {"type": "pong"}

    follow_up = await talk.ask("POST", "/tasks", {"input": "And now?", "follows": "a"})
    assert follow_up.status == 201, follow_up.text
    serve = await kernel.hear()
    assert serve is not None
    assert (serve["type"], serve["task_id"]) == ("serve", follow_up.json["task_id"])

    headers = {**talk.headers(None), "X-Agentkit-Client-Key": serve["client_key"]}
    runner = await talk.socket(serve["task_id"], headers=headers)
    await runner.until("tool_call")
    content = {"text/plain": "blue"}
    result = {"type": "tool_result", "tool_call_id": "1", "outcome": "success", "content": content}
    await runner.say(result)
    assert (await runner.rest())[-1]["data"]["content"] == "It is blue."


async def test_an_offer_ends_with_its_kernel(talk: Talk) -> None:
    await asked(talk)
    kernel = await offers(talk)
    await kernel.say(OFFER)
    await kernel.say({"type": "ping"})
    await kernel.hear()
    kernel.leave()
    assert await kernel.hear() is None

    refusal = (await talk.ask("POST", "/tasks", {"input": "?", "follows": "a"})).refused(409)
    assert refusal["reason"] == "client_away"
    assert "look" in refusal["message"]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("no json", "bad_json"),
        ({"type": "cancel"}, "bad_frame"),
        ({**OFFER, "kernel_id": ""}, "bad_frame"),
        ({**OFFER, "tools": [{"name": "a b"}]}, "bad_frame"),
    ],
)
async def test_a_bad_offer_is_told_and_the_socket_stays_open(
    talk: Talk, frame: dict[str, object] | str, reason: str
) -> None:
    kernel = await offers(talk)
    await kernel.say(frame)
    error = await kernel.hear()
    assert error is not None
    assert error["data"]["reason"] == reason
    await kernel.say({"type": "ping"})
    assert await kernel.hear() == {"type": "pong"}


@pytest.mark.parametrize("who", ["nobody", "token", "page", "key in a page"])
async def test_only_kernels_offer(talk: Talk, who: str) -> None:
    origin = {"Origin": f"http://{talk.host}"}
    headers = {
        "nobody": {},
        "token": talk.headers(None),
        "page": {**talk.headers(None), **origin},
        "key in a page": {**kernel(talk), **origin},
    }
    with pytest.raises(HTTPClientError) as caught:
        await talk.open("/ws/offers", headers=headers[who])
    assert caught.value.code == 403
