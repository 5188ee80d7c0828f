"""Who may ask the Jupyter host: every route and the socket, generated from the route table."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from jupyter_server.auth import Authorizer, IdentityProvider, User
from jupyter_server.auth.security import passwd  # pyright: ignore[reportUnknownVariableType]
from tornado.httpclient import HTTPClientError

from agentkit.server.api import ROUTES, Route
from tests.jupyter_agentkit.server.talk import Answer, Frame, Talk

FOREIGN = "https://elsewhere.example"
PASSWORD = "correct horse"

routes = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.verb} {route.path}")


class Judge(Authorizer):
    """Allows what the test says, and remembers what it was asked."""

    allowed: ClassVar[set[str]] = set()
    asked: ClassVar[list[tuple[str, str]]] = []

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        assert isinstance(user, User)
        Judge.asked.append((action, resource))
        return action in Judge.allowed


class SlowJudge(Judge):
    async def is_authorized(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, handler: Any, user: User, action: str, resource: str
    ) -> bool:
        return super().is_authorized(handler, user, action, resource)


class Names(IdentityProvider):
    """Knows people by a header."""

    async def get_user(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, handler: Any
    ) -> User | None:
        name = handler.request.headers.get("X-Person")
        return User(username=name) if name in ("ada", "grace") else None


@pytest.fixture(params=[Judge, SlowJudge])
def judge(request: pytest.FixtureRequest, jp_server_config: dict[str, Any]) -> type[Judge]:
    """An authoriser that refuses everything; to be asked for before ``talk``."""
    Judge.allowed, Judge.asked = set(), []
    jp_server_config["ServerApp"]["authorizer_class"] = request.param
    return Judge


@pytest.fixture
def password(jp_server_config: dict[str, Any]) -> None:
    """A server with a password; to be asked for before ``talk``."""
    hashed = passwd(PASSWORD, algorithm="sha1")
    jp_server_config["PasswordIdentityProvider"] = {"hashed_password": hashed}


async def ask(talk: Talk, route: Route, headers: dict[str, str] | None = None) -> Answer:
    body = "{}" if route.verb == "POST" else None
    path = route.path.format(name="analyst", id="t1")
    return await talk.ask(route.verb, path, body, headers=headers)


async def handshake_refused(talk: Talk, headers: dict[str, str], path: str) -> Frame:
    with pytest.raises(HTTPClientError) as caught:
        await talk.open(path, headers=headers)
    response = caught.value.response
    assert response is not None
    return Answer(response.code, response.headers, response.body.decode()).refused(403)


SOCKETS = ("/ws/tasks/t1", "/ws/tasks")


def nothing_happened(talk: Talk) -> bool:
    return not len(talk.hub.agents) and not talk.hub.runs.running


STRANGERS: list[dict[str, str]] = [
    {},
    {"Authorization": "token not-the-token"},
    {"Authorization": "Bearer not-the-token"},
    {"Cookie": "username-127-0-0-1=forged"},
    {"X-Agentkit-Kernel-Key": "not-the-token"},
    {"X-Agentkit-Kernel-Key": ""},
    {"X-Agentkit-Client-Key": "not-the-token"},
    {"Origin": FOREIGN, "Authorization": "token not-the-token"},
]

strangers = pytest.mark.parametrize("headers", STRANGERS, ids=lambda value: "+".join(value))


@routes
async def test_no_route_answers_a_stranger(talk: Talk, route: Route) -> None:
    for headers in STRANGERS:
        answer = await ask(talk, route, headers)
        refused = answer.refused(403)
        assert refused["reason"] in ("unauthorized", "wrong_kernel_key", "foreign_origin")
        assert "not-the-token" not in answer.text
    assert nothing_happened(talk)


@strangers
async def test_the_socket_does_not_open_for_a_stranger(talk: Talk, headers: dict[str, str]) -> None:
    talk.script("never said")
    for path in SOCKETS:
        refused = await handshake_refused(talk, headers, path)
        assert refused["reason"] in ("unauthorized", "wrong_kernel_key")
    assert (await talk.ask("GET", "/tasks")).json == {"tasks": []}


@routes
async def test_no_route_answers_a_page_of_another_site_that_has_the_cookie(
    password: None, talk: Talk, route: Route
) -> None:
    cookies = await talk.log_in(PASSWORD)
    own = talk.browser(cookies)
    assert (await ask(talk, ROUTES[0], own)).status == 200

    for origin in (FOREIGN, "null", f"http://{talk.host}1"):
        refused = (await ask(talk, route, own | {"Origin": origin})).refused(403)
        assert refused["reason"] == "foreign_origin"
        assert origin in refused["message"]
    assert nothing_happened(talk)


async def test_the_socket_does_not_open_for_a_page_of_another_site_that_has_the_cookie(
    password: None, talk: Talk
) -> None:
    talk.script("never said")
    cookies = await talk.log_in(PASSWORD)

    for path in SOCKETS:
        headers = talk.browser(cookies) | {"Origin": FOREIGN}
        refused = await handshake_refused(talk, headers, path)
        assert refused["reason"] == "foreign_origin"

    assert (await talk.ask("GET", "/tasks")).json == {"tasks": []}


async def test_the_socket_opens_for_a_page_of_the_server_by_its_cookie_alone(
    password: None, talk: Talk
) -> None:
    talk.script("done")
    cookies = await talk.log_in(PASSWORD)
    socket = await talk.socket("t1", headers=talk.browser(cookies, xsrf=False))
    assert (await socket.rest())[-1]["data"]["status"] == "completed"


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.verb != "GET"], ids=lambda route: route.path
)
async def test_what_changes_something_needs_the_xsrf_token_of_a_page(
    password: None, talk: Talk, route: Route
) -> None:
    cookies = await talk.log_in(PASSWORD)

    refused = (await ask(talk, route, talk.browser(cookies, xsrf=False))).refused(403)
    assert "_xsrf" in refused["message"]
    forged = talk.browser(cookies) | {"X-XSRFToken": "2|aaaaaaaa|aaaaaaaa|1"}
    assert "XSRF" in (await ask(talk, route, forged)).refused(403)["message"]
    assert nothing_happened(talk)
    assert (await ask(talk, route, talk.browser(cookies))).status != 403


async def test_a_script_with_the_token_needs_no_origin_and_may_have_any(talk: Talk) -> None:
    talk.script("done")
    headers = {"Authorization": f"token {talk.token}", "Origin": FOREIGN}
    assert (await talk.ask("GET", "/status", headers=headers)).status == 200
    socket = await talk.socket("t1", headers=headers)
    assert (await socket.rest())[-1]["data"]["status"] == "completed"


@routes
async def test_every_route_asks_the_authoriser_for_its_action(
    judge: type[Judge], talk: Talk, route: Route
) -> None:
    judge.allowed = {"read", "write", "execute"} - {route.action}

    refused = (await ask(talk, route)).refused(403)

    assert refused["reason"] == "forbidden"
    assert route.action in refused["message"]
    assert judge.asked == [(route.action, "agentkit")]
    assert nothing_happened(talk)
    judge.allowed = {route.action}
    assert (await ask(talk, route)).status != 403


async def test_a_reader_watches_and_can_neither_start_nor_cancel_nor_answer(
    judge: type[Judge], talk: Talk
) -> None:
    gate = talk.gate()
    talk.script([gate, "done"])
    judge.allowed = {"read", "execute"}
    assert (await talk.ask("POST", "/tasks", {"task_id": "t1"})).status == 201

    judge.allowed = {"read"}
    other = await (await talk.socket("t2")).rest(1008)
    assert other[-1]["data"]["reason"] == "forbidden"
    socket = await talk.socket("t1")
    await socket.until("run_started")
    for frame in (
        {"type": "cancel"},
        {"type": "answer", "request_id": "r", "decision": "approve"},
    ):
        await socket.say(frame)
        error = await socket.hear()
        assert error is not None
        assert error["data"]["reason"] == "forbidden"
    gate.set()
    assert (await socket.rest())[-1]["data"]["status"] == "completed"
    assert {resource for _, resource in judge.asked} == {"agentkit"}


async def test_who_may_not_read_is_told_so_on_the_socket_and_nothing_else(
    judge: type[Judge], talk: Talk
) -> None:
    talk.script("never said")
    judge.allowed = {"write", "execute"}
    for path in SOCKETS:
        (error,) = await (await talk.open(path)).rest(1008)
        assert error["data"]["reason"] == "forbidden"
    judge.allowed = {"read"}
    assert (await talk.ask("GET", "/tasks")).json == {"tasks": []}


@pytest.fixture
def named_people(jp_server_config: dict[str, Any]) -> None:
    """A server with an identity provider of its own; to be asked for before ``talk``."""
    jp_server_config["ServerApp"]["identity_provider_class"] = Names


async def test_people_are_known_by_the_servers_identity_provider(
    named_people: None, judge: type[Judge], talk: Talk
) -> None:
    judge.allowed = {"read"}
    assert (await talk.ask("GET", "/status", headers={"X-Person": "ada"})).status == 200
    refused = (await talk.ask("GET", "/status", headers={"X-Person": "mallory"})).refused(403)
    assert refused["reason"] == "unauthorized"
    body = {"task_id": "t1"}
    # Such a person comes with a cookie, say; so the origin and the XSRF token are asked for.
    headers = {"X-Person": "grace", "Origin": FOREIGN}
    assert (await talk.ask("POST", "/tasks", body, headers=headers)).refused(403)["reason"] == (
        "foreign_origin"
    )
