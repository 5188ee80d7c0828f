"""Every door of the extension, as mounted, against everybody who must not come in."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any, ClassVar, get_args

import pytest
from jupyter_server.auth import Authorizer, IdentityProvider, User
from jupyter_server.auth.security import passwd  # pyright: ignore[reportUnknownVariableType]
from tornado.web import create_signed_value

from agentkit.core.frames import ClientFrame
from agentkit.errors import ProviderRejected
from jupyter_agentkit.address import KERNEL_KEY_HEADER
from tests.jupyter_agentkit.server.doors import (
    ENDED,
    INTRUDER,
    QUESTION,
    REQUEST,
    RUNNING,
    Door,
    doors,
    furnish,
    state,
)
from tests.jupyter_agentkit.server.talk import Talk

PASSWORD = "correct horse"
FOREIGN = {"Origin": "https://elsewhere.example"}
DAY = 86_400

pytestmark = pytest.mark.usefixtures("password")


@pytest.fixture
def password(jp_server_config: dict[str, Any]) -> None:
    """A server with a password and a token."""
    jp_server_config["PasswordIdentityProvider"] = {
        "hashed_password": passwd(PASSWORD, algorithm="sha1")
    }
    jp_server_config["IdentityProvider"] = {"token": secrets.token_hex(24)}


def cookie(talk: Talk, *, secret: bytes | None = None, age: float = 0) -> dict[str, str]:
    """The login cookie that the server has signed ``age`` seconds ago."""
    settings = talk.server.web_app.settings
    provider = talk.server.identity_provider
    user = provider.user_to_cookie(User("ada", "Ada"))
    name = f"username-{talk.host.replace('.', '-').replace(':', '-')}"
    key: Any = secret or settings["cookie_secret"]
    signed = create_signed_value(key, name, user, clock=lambda: time.time() - age)
    return {"Cookie": f'{name}="{signed.decode()}"'}


def page(talk: Talk) -> dict[str, str]:
    """What a page of this server sends: cookie, XSRF token, origin."""
    return cookie(talk) | {"Origin": f"http://{talk.host}"}


def kernel(talk: Talk) -> dict[str, str]:
    return {KERNEL_KEY_HEADER: talk.server.web_app.settings["agentkit_kernel_key"]}


OUTSIDERS: dict[str, Callable[[Talk], dict[str, str]]] = {
    "no token": lambda talk: {},
    "empty token": lambda talk: {"Authorization": "token "},
    "wrong token": lambda talk: {"Authorization": "token nobody's"},
    "token of another server": lambda talk: {"Authorization": f"token {secrets.token_hex(24)}"},
    "kernel's key of another server": lambda talk: {KERNEL_KEY_HEADER: secrets.token_urlsafe(32)},
    "kernel's key as a token": lambda talk: {
        "Authorization": f"token {kernel(talk)[KERNEL_KEY_HEADER]}"
    },
    "expired cookie": lambda talk: cookie(talk, age=40 * DAY),
    "cookie of another server": lambda talk: cookie(talk, secret=secrets.token_bytes(32)),
    "forged cookie": lambda talk: {"Cookie": "username-127-0-0-1=ada"},
    "page of another site with the cookie": lambda talk: cookie(talk) | FOREIGN,
    "sandboxed page with the cookie": lambda talk: cookie(talk) | {"Origin": "null"},
    "kernel's key from a page": lambda talk: kernel(talk) | {"Origin": f"http://{talk.host}"},
    "kernel's key beside the cookie": lambda talk: kernel(talk) | cookie(talk),
    "kernel's key fetched by a page": lambda talk: kernel(talk) | {"Sec-Fetch-Mode": "cors"},
    "kernel's key followed from a link": lambda talk: (
        kernel(talk) | {"Referer": "http://a.example/"}
    ),
}


async def let_in(talk: Talk, headers: dict[str, str], given: list[Door]) -> list[str]:
    """The doors that did not refuse as they must."""
    wrong: list[str] = []
    for door in given:
        answer = await door.knock(talk, headers)
        if answer.status != 403 or '"reason"' not in answer.text:
            wrong.append(f"{door}: {answer.status} {answer.text[:100]}")
    return wrong


@pytest.mark.parametrize("who", OUTSIDERS)
async def test_no_door_opens_for(talk: Talk, who: str) -> None:
    await furnish(talk)
    before = await state(talk.hub, talk)

    given = doors(talk)
    if who == "kernel's key beside the cookie":  # where no kernel belongs, the cookie alone counts
        given = [door for door in given if not door.people_only]
    assert await let_in(talk, OUTSIDERS[who](talk), given) == []

    assert await state(talk.hub, talk) == before


async def test_no_door_that_changes_something_opens_for_a_page_without_the_xsrf_token(
    talk: Talk,
) -> None:
    await furnish(talk)
    before = await state(talk.hub, talk)
    changing = [door for door in doors(talk) if door.verb in ("POST", "DELETE")]

    assert await let_in(talk, page(talk), changing) == []
    forged = page(talk) | {"X-XSRFToken": "2|aaaaaaaa|aaaaaaaa|1"}
    assert await let_in(talk, forged, changing) == []

    assert await state(talk.hub, talk) == before


async def test_every_door_opens_for_whom_it_is_there(talk: Talk) -> None:
    """Else the refusals above would say nothing."""
    await furnish(talk)
    mine = {"Authorization": f"token {talk.server.identity_provider.token}"}
    for door in sorted(doors(talk), key=lambda door: door.verb == "DELETE"):
        headers = kernel(talk) if door.kernels_only else mine
        answer = await door.knock(talk, headers)
        assert answer.status not in (401, 403, 404, 405, 500), f"{door}: {answer.text}"
    assert INTRUDER in {each.task_id for each in await talk.hub.summaries()}


class Reader(Authorizer):
    """Lets people read, once there is something to be read."""

    asked: ClassVar[set[str]] = set()

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        Reader.asked.add(resource)
        return action == "read"


@pytest.fixture
def readers(jp_server_config: dict[str, Any]) -> None:
    jp_server_config["ServerApp"]["authorizer_class"] = Reader


@pytest.mark.parametrize("who", ["token", "kernel"])
async def test_only_what_reads_opens_for_who_may_only_read(
    readers: None, talk: Talk, who: str
) -> None:
    await furnish(talk)
    before = await state(talk.hub, talk)
    token = {"Authorization": f"token {talk.server.identity_provider.token}"}
    headers = kernel(talk) if who == "kernel" else token
    given = [door for door in doors(talk) if not (door.kernels_only and who == "token")]
    # Who offers tools is told on the socket, as on the others.
    refusing = [door for door in given if door.action != "read" and not door.kernels_only]

    assert await let_in(talk, headers, refusing) == []
    for door in given:
        if door.action == "read":
            assert (await door.knock(talk, headers)).status in (101, 200), door
    if who == "kernel":
        (error,) = await (await talk.open("/ws/offers", headers=headers)).rest(1008)
        assert error["data"]["reason"] == "forbidden"

    assert await state(talk.hub, talk) == before
    assert "agentkit" in Reader.asked


FRAMES: dict[str, dict[str, Any]] = {
    "ping": {},
    "cancel": {"reason": "no reason"},
    "answer": {"request_id": REQUEST, "decision": "answer", "value": "Yes"},
    "tool_result": {"tool_call_id": QUESTION, "outcome": "success", "content": {"text/plain": "1"}},
}
"""A frame of each type: of a new type without one, there is a ``KeyError``."""


def frames() -> list[dict[str, Any]]:
    union = get_args(ClientFrame)[0]
    types = [get_args(each.model_fields["type"].annotation)[0] for each in get_args(union)]
    return [{"type": each, **FRAMES[each]} for each in types]


async def test_no_frame_of_who_may_only_read_does_anything(readers: None, talk: Talk) -> None:
    await furnish(talk)
    before = await state(talk.hub, talk)
    token = {"Authorization": f"token {talk.server.identity_provider.token}"}
    refused = await (await talk.socket(INTRUDER, "agent=analyst", headers=token)).rest(1008)
    assert refused[-1]["data"]["reason"] == "forbidden"
    socket = await talk.socket(RUNNING, headers=token)
    await socket.until("input_requested")

    for frame in frames():
        await socket.say(frame)
        answer = await socket.hear()
        assert answer is not None
        expected = "pong" if frame["type"] == "ping" else "error"
        assert answer["type"] == expected, frame
        assert answer.get("data", {}).get("reason", "forbidden") == "forbidden"

    assert await state(talk.hub, talk) == before


class People(IdentityProvider):
    """Knows two people by a header, as a proxy would set it."""

    async def get_user(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, handler: Any
    ) -> User | None:
        name = handler.request.headers.get("X-Person")
        return User(username=name) if name in ("ada", "grace") else None

    def is_token_authenticated(self, handler: Any) -> bool:
        return True  # no cookie: no page of another site sends the header


ADA, GRACE = {"X-Person": "ada"}, {"X-Person": "grace"}


@pytest.fixture
def people(jp_server_config: dict[str, Any]) -> None:
    jp_server_config["ServerApp"]["identity_provider_class"] = People


def by_cursor(frame: dict[str, Any]) -> set[str]:
    data = frame["data"] if frame["type"] == "tasks" else [frame["data"]]
    return {each["task_id"] for each in data}


async def test_a_task_of_another_user_is_as_if_there_were_none(people: None, talk: Talk) -> None:
    await furnish(talk, user="ada")
    before = await state(talk.hub, talk)
    for headers in (GRACE, kernel(talk)):
        for door in doors(talk):
            if door.is_of_a_task:
                answer = await door.knock(talk, headers)
                assert answer.refused(404)["reason"] == "task_not_found", door
        for body, reason in (
            ({"agent": "analyst", "follows": ENDED}, "task_not_found"),
            ({"agent": "analyst", "thread_id": ENDED}, "thread_not_found"),
        ):
            answer = await talk.ask("POST", "/tasks", body, headers=headers)
            assert answer.refused(404)["reason"] == reason
        for query in ("", f"?id={RUNNING}", "?status=completed", "?q=analyst"):
            answer = await talk.ask("GET", f"/tasks{query}", headers=headers)
            assert answer.json == {"tasks": []}
        answer = await talk.ask("GET", f"/tasks?before={ENDED}", headers=headers)
        assert answer.refused(404)["reason"] == "task_not_found"
        for query in ("start=false", "agent=analyst"):
            told = await (await talk.socket(RUNNING, query, headers=headers)).rest(1008)
            assert told[0]["last_seq"] == 0
            assert told[-1]["data"]["reason"] == "task_not_found"
        feed = await talk.open("/ws/tasks", headers=headers)
        first = await feed.hear()
        assert first is not None
        assert first["data"] == []
    assert await state(talk.hub, talk) == before


async def test_users_reach_their_own_tasks_and_those_of_nobody(people: None, talk: Talk) -> None:
    talk.script(*["Done."] * 6)
    for task_id, headers in (("a", ADA), ("g", GRACE), ("k", kernel(talk))):
        body = {"task_id": task_id, "agent": "analyst"}
        assert (await talk.ask("POST", "/tasks", body, headers=headers)).status == 201
        await (await talk.socket(task_id, headers=headers)).rest()

    for headers, reached in ((ADA, {"a", "k"}), (GRACE, {"g", "k"}), (kernel(talk), {"k"})):
        listed = (await talk.ask("GET", "/tasks", headers=headers)).json["tasks"]
        assert {each["task_id"] for each in listed} == reached
        first = await (await talk.open("/ws/tasks", headers=headers)).hear()
        assert first is not None
        assert by_cursor(first) == reached

    # What goes on with everybody's conversation stays everybody's; with one's own, one's own.
    for follows, owner in (("k", None), ("a", "ada")):
        body = {"task_id": f"{follows}2", "follows": follows}
        answer = await talk.ask("POST", "/tasks", body, headers=ADA)
        assert answer.json.get("user") == owner


async def test_a_run_that_is_taken_on_stays_its_owners_whoever_takes_it_on(
    people: None, talk: Talk
) -> None:
    failures = [ProviderRejected("no credit", reason="quota")] * 2
    talk.script(*failures, "Done.", "Done.")
    for task_id, headers in (("a", ADA), ("k", kernel(talk))):
        body = {"task_id": task_id, "agent": "analyst", "input": "?"}
        assert (await talk.ask("POST", "/tasks", body, headers=headers)).status == 201
        await (await talk.socket(task_id, headers=headers)).rest()

    answer = await talk.ask("POST", "/tasks/a/resume", {}, headers=GRACE)
    assert answer.refused(404)["reason"] == "task_not_found"
    for task_id, headers, owner in (("a", ADA, "ada"), ("k", GRACE, None)):
        answer = await talk.ask("POST", f"/tasks/{task_id}/resume", {}, headers=headers)
        assert (answer.status, answer.json.get("user")) == (201, owner)
        assert answer.json["resumes"] == task_id
        end = (await (await talk.socket(answer.json["task_id"], headers=headers)).rest())[-1]
        assert end["data"]["content"] == "Done."


async def test_the_feed_tells_nobody_of_another_users_tasks(people: None, talk: Talk) -> None:
    talk.script(*["Done."] * 2)
    feed = await talk.open("/ws/tasks", headers=GRACE)
    assert (await feed.hear() or {})["type"] == "tasks"

    for task_id, headers in (("a", ADA), ("k", kernel(talk))):
        await (await talk.socket(task_id, "agent=analyst", headers=headers)).rest()

    told = await feed.hear()
    assert told is not None
    assert by_cursor(told) == {"k"}
    for task_id in ("a", "k"):
        assert (await talk.ask("DELETE", f"/tasks/{task_id}", headers=ADA)).status == 204
    while (told := await feed.hear() or {})["type"] != "removed":
        assert "a" not in by_cursor(told)
    assert told == {"type": "removed", "task_id": "k"}


@pytest.fixture
def shared(people: None, jp_server_config: dict[str, Any]) -> None:
    jp_server_config["AgentKitApp"]["private_tasks"] = False


async def test_a_setting_shares_the_tasks_of_all_users(shared: None, talk: Talk) -> None:
    talk.script("Done.")
    await (await talk.socket("a", "agent=analyst", headers=ADA)).rest()
    answer = await talk.ask("GET", "/tasks/a", headers=GRACE)
    assert (answer.status, answer.json["user"]) == (200, "ada")


async def test_who_has_a_name_by_lot_owns_nothing_so_that_a_new_login_loses_nothing(
    talk: Talk,
) -> None:
    talk.script("Done.")
    token = {"Authorization": f"token {talk.server.identity_provider.token}"}
    await (await talk.socket("a", headers=token)).rest()
    assert "user" not in (await talk.ask("GET", "/tasks/a", headers=token)).json
    assert not talk.app.private_tasks
