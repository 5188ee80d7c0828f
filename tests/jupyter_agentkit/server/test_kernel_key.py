"""The key by which the server's own kernels are known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from jupyter_server.auth import Authorizer, IdentityProvider, User
from tornado.httpclient import HTTPClientError

from jupyter_agentkit.address import KERNEL_KEY_HEADER
from tests.jupyter_agentkit.server.talk import Talk


def kernel(talk: Talk) -> dict[str, str]:
    """The header that a kernel of the server sends."""
    return {KERNEL_KEY_HEADER: talk.app.settings["agentkit_kernel_key"]}


BROWSERS = [
    {"Origin": "http://127.0.0.1"},
    {"Sec-Websocket-Origin": "http://127.0.0.1"},
    {"Cookie": "a=b"},
    {"Referer": "http://127.0.0.1/"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Mode": "cors"},
]


async def test_a_kernel_reads_starts_watches_and_cancels(talk: Talk) -> None:
    talk.script([talk.gate(), "never said"])
    headers = kernel(talk)
    assert (await talk.ask("GET", "/status", headers=headers)).status == 200
    started = await talk.ask("POST", "/tasks", {"task_id": "t1"}, headers=headers)
    assert started.status == 201
    socket = await talk.socket("t1", headers=headers)
    await socket.until("run_started")
    await socket.say({"type": "cancel"})
    assert (await socket.rest())[-1]["data"]["status"] == "cancelled"


@pytest.mark.parametrize("mark", BROWSERS, ids=lambda value: next(iter(value)))
async def test_the_key_is_worth_nothing_in_a_browser(talk: Talk, mark: dict[str, str]) -> None:
    talk.script("never said")
    headers = kernel(talk) | mark
    for verb, path, body in (("GET", "/status", None), ("POST", "/tasks", {"task_id": "t1"})):
        answer = await talk.ask(verb, path, body, headers=headers)
        assert answer.status == 403
        assert headers[KERNEL_KEY_HEADER] not in answer.text
    with pytest.raises(HTTPClientError):
        await talk.socket("t1", headers=headers)
    assert (await talk.ask("GET", "/tasks")).json == {"tasks": []}


@pytest.mark.parametrize("wrong", ["", "x", "ü".encode().decode("latin-1"), "x" * 1000])
async def test_a_wrong_key_says_what_to_do_and_is_not_repeated(talk: Talk, wrong: str) -> None:
    answer = await talk.ask("GET", "/status", headers={KERNEL_KEY_HEADER: wrong})
    refused = answer.refused(403)
    assert refused["reason"] == "wrong_kernel_key"
    assert "restart the kernel" in refused["message"]
    assert len(wrong) < 5 or wrong not in answer.text


async def test_a_wrong_key_beside_the_right_token_is_refused(talk: Talk) -> None:
    headers = {"Authorization": f"token {talk.token}", KERNEL_KEY_HEADER: "x"}
    assert (await talk.ask("GET", "/status", headers=headers)).status == 403


async def test_the_key_opens_agentkit_and_nothing_else_of_the_server(
    talk: Talk, http_server_client: Any
) -> None:
    response = await http_server_client.fetch(
        f"{talk.root}api/kernels", headers=kernel(talk), raise_error=False
    )
    assert response.code == 403


async def test_a_kernel_is_given_no_cookie(talk: Talk) -> None:
    answer = await talk.ask("GET", "/status", headers=kernel(talk))
    assert "Set-Cookie" not in answer.headers


class HubProvider(IdentityProvider):
    """What there is of JupyterHub in its users' servers: scopes, and a user that has some."""

    hub_auth = SimpleNamespace(
        access_scopes={"access:servers!user=ada"}, oauth_scopes={"access:servers!user=ada"}
    )


class HubAuthorizer(Authorizer):
    asked: ClassVar[list[str]] = []

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        assert issubclass(type(user), User)
        HubAuthorizer.asked.append(user.username)
        return "access:servers!user=ada" in user.hub_user["scopes"]


@pytest.fixture
def hub(jp_server_config: dict[str, Any]) -> None:
    """A server that JupyterHub has started; to be asked for before ``talk``."""
    jp_server_config["ServerApp"] |= {
        "identity_provider_class": HubProvider,
        "authorizer_class": HubAuthorizer,
    }


async def test_a_kernel_is_allowed_what_the_hub_allows_the_user_of_its_server(
    hub: None, talk: Talk
) -> None:
    assert (await talk.ask("GET", "/status", headers=kernel(talk))).status == 200
    assert HubAuthorizer.asked == ["agentkit-kernel"]


async def test_a_kernel_is_told_whether_it_is_one_of_the_servers(talk: Talk) -> None:
    manager: Any = talk.server.kernel_manager
    own = await manager.start_kernel(kernel_name="python3")
    for kernel_id, known in ((own, True), ("another", False)):
        answer = await talk.ask("GET", f"/kernels/{kernel_id}", headers=kernel(talk))
        assert answer.json == {"known": known}
    assert (
        await talk.ask("GET", f"/kernels/{own}", headers={KERNEL_KEY_HEADER: "x"})
    ).status == 403
