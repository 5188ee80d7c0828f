"""What a kernel says of a server that refuses, answers nonsense or is not there."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from agentkit.errors import AgentKitError, JournalError, NotFound
from jupyter_agentkit.address import ServerAddress
from jupyter_agentkit.agent import Agent
from jupyter_agentkit.client import Client
from jupyter_agentkit.errors import ConnectionLost, NoServer
from jupyter_agentkit.host import refusal
from jupyter_agentkit.remote import JupyterHost
from tests.jupyter_agentkit.kernel.server import BASE, KEY, ServeScript


def client(url: str, key: str = KEY) -> Client:
    return Client(JupyterHost(ServerAddress(url, key)))


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/agentkit"

        with pytest.raises(ConnectionLost, match=url) as caught:
            client(url).find("any")

    assert "Is it still running?" in str(caught.value)


def test_a_key_of_another_server_is_told_apart_from_a_refusal(serve: ServeScript) -> None:
    server = serve()

    with pytest.raises(NoServer, match="restart the kernel") as caught:
        client(server.address.url, "wrong").find("any")

    assert caught.value.reason == "key_not_accepted"


def test_a_server_without_the_extension_is_said_to_have_none(serve: ServeScript) -> None:
    server = serve()

    with pytest.raises(NoServer, match="No agentkit answers"):
        client(server.address.url.replace(BASE, "/elsewhere")).find("any")


def test_a_task_that_does_not_exist_is_not_found(serve: ServeScript) -> None:
    server = serve()

    with pytest.raises(NotFound, match="'nothing'"):
        client(server.address.url).find("nothing")


def test_errors_reach_the_cell_without_the_frames_of_the_other_thread(serve: ServeScript) -> None:
    server = serve()

    with pytest.raises(AgentKitError) as caught:
        client(server.address.url).find("nothing")

    assert "remote.py" not in [Path(entry.path).name for entry in caught.traceback]
    assert caught.value.__cause__ is None


def test_a_refusal_in_words_of_agentkit_keeps_them() -> None:
    error = refusal(404, {"message": "There is no agent 'x'.", "reason": "agent_not_found"})

    assert isinstance(error, NotFound)
    assert (error.message, error.reason) == ("There is no agent 'x'.", "agent_not_found")


@pytest.mark.parametrize(
    "answer", [None, "text", {}, {"message": "Forbidden", "reason": "forbidden"}, {"message": "x"}]
)
def test_what_agentkit_did_not_say_is_no_refusal_of_it(answer: object) -> None:
    assert refusal(403, answer) is None


def test_a_run_that_cannot_be_stored_says_so_in_the_cell_that_starts_it(serve: ServeScript) -> None:
    server = serve(["Hello."], ["Again."])
    agent = Agent("a")
    assert agent.run("Go").wait(20) == "Hello."
    server.close_journal_to_writing()
    with pytest.raises(JournalError, match="no run can be started") as caught:
        agent.run("Go on")
    assert caught.value.reason == "journal_read_only"
    assert "Make it writable" in caught.value.message
