"""Who may ask the FastAPI host: every route and the socket, generated from the route table."""

from __future__ import annotations

import pytest

from agentkit.server.api import ROUTES, Route
from tests.agentkit.server.host import API, Frame, Host, Hosted, refused

KEY = "correct-horse"
WRONG = "battery-staple"

routes = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.verb} {route.path}")


def ask(hosted: Hosted, route: Route, query: str = "", **headers: str) -> tuple[int, Frame]:
    path = API + route.path.format(name="analyst", id="t1") + query
    response = hosted.client.request(route.verb, path, headers=headers)
    return response.status_code, response.json() if response.content else {}


def nothing_happened(hosted: Hosted) -> bool:
    listed = hosted.client.get(f"{API}/tasks", headers={"X-API-Key": KEY}).json()
    agents = hosted.client.get(f"{API}/agents", headers={"X-API-Key": KEY}).json()
    return listed == {"tasks": []} and agents == {"agents": []}


@routes
def test_no_route_answers_without_the_key(host: Host, route: Route) -> None:
    hosted = host(api_key=KEY)

    status, error = ask(hosted, route)

    assert (status, error["reason"]) == (401, "unauthorized")
    assert "api_key" in error["message"]
    assert nothing_happened(hosted)


@routes
def test_no_route_answers_to_a_wrong_key_or_repeats_it(host: Host, route: Route) -> None:
    hosted = host(api_key=KEY)

    for given in (
        ask(hosted, route, Authorization=f"Bearer {WRONG}"),
        ask(hosted, route, Authorization="Basic " + KEY),
        ask(hosted, route, **{"X-API-Key": WRONG}),
        ask(hosted, route, f"?api_key={WRONG}"),
        ask(hosted, route, "?api_key="),
        ask(hosted, route, "?api_key=%ED%A0%80%F0%9F%98%80"),
    ):
        status, error = given
        assert (status, error["reason"]) == (401, "unauthorized")
        assert "api_key" in error["message"]
        assert WRONG not in error["message"]
    assert nothing_happened(hosted)


@routes
def test_every_route_takes_the_key_in_each_of_its_places(host: Host, route: Route) -> None:
    hosted = host(api_key=KEY)

    for status, _ in (
        ask(hosted, route, Authorization=f"Bearer {KEY}"),
        ask(hosted, route, Authorization=f"bearer {KEY}"),
        ask(hosted, route, **{"X-API-Key": KEY}),
        ask(hosted, route, f"?api_key={KEY}"),
    ):
        assert status not in (401, 403)


@routes
@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "null", "http://testserver:81", "http://[::1"]
)
def test_no_route_answers_to_another_sites_page_even_with_the_key(
    host: Host, route: Route, origin: str
) -> None:
    hosted = host(api_key=KEY)

    status, error = ask(hosted, route, Origin=origin, **{"X-API-Key": KEY})

    assert (status, error["reason"]) == (403, "foreign_origin")
    assert nothing_happened(hosted)


def test_a_page_of_the_same_host_is_answered(host: Host) -> None:
    hosted = host()
    response = hosted.client.get(f"{API}/status", headers={"Origin": "http://TestServer"})
    assert response.status_code == 200


@pytest.mark.parametrize("query", ["", f"api_key={WRONG}", "api_key="])
def test_the_socket_names_the_key_in_its_first_frame_and_closes(host: Host, query: str) -> None:
    hosted = host("never said", api_key=KEY)
    hosted.client.headers["X-API-Key"] = KEY
    hosted.register()
    del hosted.client.headers["X-API-Key"]

    with hosted.client.websocket_connect(f"{API}/ws/tasks/t1?{query}") as socket:
        (error,) = refused(socket)

    assert error["type"] == "error"
    assert "api_key" in error["data"]["message"]
    assert WRONG not in error["data"]["message"]
    assert hosted.provider.requests == []


def test_the_socket_takes_the_key_as_a_query_parameter(host: Host) -> None:
    hosted = host("done", api_key=KEY)
    hosted.client.headers["X-API-Key"] = KEY
    hosted.register()
    del hosted.client.headers["X-API-Key"]

    frames = hosted.finish("t1", api_key=KEY)

    assert frames[0]["type"] == "connected"
    assert frames[-1]["data"]["status"] == "completed"


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://[::1"])
def test_the_socket_refuses_another_sites_page(host: Host, origin: str) -> None:
    hosted = host("never said")
    hosted.register()

    with hosted.socket("t1", headers={"Origin": origin}) as socket:
        (error,) = refused(socket)

    assert error["data"]["reason"] == "foreign_origin"
    assert hosted.provider.requests == []


@pytest.mark.parametrize("name", ["API_KEY", "AGENTKIT_API_KEY", "api_key"])
def test_the_key_is_never_taken_from_the_environment(
    host: Host, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "from-the-environment")
    hosted = host("done")
    hosted.register()

    assert hosted.finish("t1")[0]["type"] == "connected"
    with_argument = host(api_key=KEY)
    status, _ = ask(with_argument, ROUTES[0], **{"X-API-Key": "from-the-environment"})
    assert status == 401


FOREIGN_HOSTS = ["rebound.example", "rebound.example:8000", "127.0.0.1.rebound.example", "a.test."]


@routes
def test_no_route_without_a_key_answers_under_the_name_of_another_site(
    host: Host, route: Route
) -> None:
    hosted = host()
    for name in FOREIGN_HOSTS:
        status, error = ask(hosted, route, Host=name, Origin=f"http://{name}")
        assert (status, error["reason"]) == (403, "foreign_host")
        assert "allowed_hosts" in error["message"]
    assert nothing_happened(hosted)


def test_the_sockets_without_a_key_do_not_open_under_the_name_of_another_site(host: Host) -> None:
    hosted = host("never said")
    hosted.register()
    for path in ("ws/tasks/t1", "ws/tasks"):
        with hosted.client.websocket_connect(
            f"{API}/{path}", headers={"Host": "rebound.example"}
        ) as socket:
            (error,) = refused(socket)
        assert error["data"]["reason"] == "foreign_host"
    assert hosted.provider.requests == []
    assert hosted.client.get(f"{API}/tasks").json() == {"tasks": []}


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "LOCALHOST:8000",
        "lab.localhost",
        "127.0.0.1:1",
        "[::1]:8000",
        "192.168.1.7",
        "box",
    ],
)
def test_addresses_and_names_that_no_site_can_have_are_answered(host: Host, name: str) -> None:
    assert ask(host(), ROUTES[0], Host=name)[0] == 200


def test_names_that_are_allowed_are_answered_and_with_a_key_all_are(host: Host) -> None:
    named = host(allowed_hosts=["Agents.example"])
    assert ask(named, ROUTES[0], Host="agents.example:443")[0] == 200
    assert ask(named, ROUTES[0], Host="rebound.example")[0] == 403
    assert ask(host(allowed_hosts=["*"]), ROUTES[0], Host="rebound.example")[0] == 200
    keyed = host(api_key=KEY)
    assert ask(keyed, ROUTES[0], Host="agents.example", **{"X-API-Key": KEY})[0] == 200
    strict = host(api_key=KEY, allowed_hosts=[])
    assert ask(strict, ROUTES[0], Host="agents.example", **{"X-API-Key": KEY})[0] == 403
