"""Where a kernel looks for its server, and what it says when there is none."""

from __future__ import annotations

import pytest

from jupyter_agentkit.address import ServerAddress, find_server
from jupyter_agentkit.errors import NoServer

URL = "http://127.0.0.1:8888/user/ana/agentkit"


def environment(url: str = URL, key: str = "secret") -> dict[str, str]:
    return {"JUPYTER_AGENTKIT_URL": url, "JUPYTER_AGENTKIT_KEY": key}


def test_the_address_comes_from_the_environment() -> None:
    address = find_server(environment())

    assert address is not None
    assert address == ServerAddress(URL, "secret")
    assert address.base_path == "/user/ana/agentkit"
    assert address.route("tasks") == f"{URL}/api/v1/tasks"


def test_a_slash_at_the_urls_end_changes_nothing() -> None:
    address = ServerAddress(f"{URL}/", "secret")

    assert address.base_path == "/user/ana/agentkit"
    assert address.route("tasks") == f"{URL}/api/v1/tasks"


def test_the_socket_never_starts_a_task_and_takes_odd_task_ids() -> None:
    address = ServerAddress("https://host/agentkit", "secret")

    assert address.socket("a:b/c?", after=7) == (
        "wss://host/agentkit/api/v1/ws/tasks/a%3Ab%2Fc%3F?start=false&batch=1&after=7"
    )


def test_a_kernel_that_no_server_started_has_no_address() -> None:
    assert find_server({}) is None


def test_a_server_without_the_extension_is_told_how_to_get_it() -> None:
    with pytest.raises(NoServer, match="jupyter server extension enable jupyter_agentkit"):
        find_server({"JPY_SESSION_NAME": "work.ipynb"})


def test_a_server_on_a_unix_socket_is_refused_with_its_address() -> None:
    with pytest.raises(NoServer, match=r"http\+unix://%2Frun.*--port"):
        find_server(environment("http+unix://%2Frun%2Fj.sock/agentkit"))


def test_an_address_without_its_key_is_refused() -> None:
    with pytest.raises(NoServer, match="JUPYTER_AGENTKIT_KEY"):
        find_server(environment(key=""))


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(find_server(environment()))


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("[::1]", True),
        ("localhost", True),
        ("127.0.0.1.evil.example", False),
        ("10.0.0.4", False),
        ("hub.example", False),
    ],
)
def test_certificates_are_checked_but_on_this_machine(host: str, loopback: bool) -> None:
    assert ServerAddress(f"https://{host}:8888/agentkit", "k").is_loopback is loopback
