from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from agentkit.errors import NotFound
from agentkit.tools.mcp import McpServers
from agentkit.tools.mcp_config import McpServerConfig, parse_servers
from agentkit.tools.mcp_server import McpServer
from agentkit.tools.mcp_status import McpServerStatus
from agentkit.tools.mcp_tool import McpTool
from agentkit.tools.protocol import Tool, ToolContext, ToolResult
from agentkit.tools.registry import ToolRegistry
from agentkit.trace.results import pictures_of
from tests.agentkit.tools.mcp_peer import OTHER_PIXEL, PIXEL

pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")

PEER = Path(__file__).with_name("mcp_peer.py")
SECONDS = 30


class Peer:
    """A server made of ``mcp_peer.py``, and what it was told."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.told = folder / "told.txt"
        self.told.touch()
        given = {"command": sys.executable, "args": [str(PEER), str(self.told)], "env": env}
        self.config = parse_servers({"peer": given}, "test")["peer"]
        self.messages: list[str] = []
        self._news = asyncio.Event()
        self.server = McpServer("peer", self.config, on_change=self._changed, pause=lambda n: 0.01)

    def _changed(self, server: McpServer) -> None:
        self.messages.append(server.message or "")
        self._news.set()

    async def until(self, condition: Callable[[McpServer], bool]) -> None:
        async with asyncio.timeout(SECONDS):
            while not condition(self.server):
                self._news.clear()
                await self._news.wait()

    async def heard(self, word: str) -> str:
        """The first line that it wrote with that word."""
        async with asyncio.timeout(SECONDS):
            while True:
                for line in self.told.read_text().splitlines():
                    if word in line:
                        return line
                await asyncio.sleep(
                    0.01
                )  # a file of another process tells nobody that it has grown

    @property
    def process(self) -> int:
        return int(self.told.read_text().split("hello ")[-1].split()[0])

    def tool(self, name: str) -> Tool:
        return self.server.tools[f"peer__{name}"]

    async def call(self, name: str, **arguments: Any) -> ToolResult:
        return await self.tool(name).call(arguments, ToolContext("c1"))


@contextlib.asynccontextmanager
async def running(folder: Path, **env: str) -> AsyncGenerator[Peer]:
    peer = Peer(folder, **env)
    assert await peer.server.settled(SECONDS), peer.server.message
    try:
        yield peer
    finally:
        await peer.server.stop()


async def gone(process: int) -> None:
    """Wait until a process has ended."""
    async with asyncio.timeout(SECONDS):
        while _lives(process):  # noqa: ASYNC110  (it is no child of ours)
            await asyncio.sleep(0.01)


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return False
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        return True
    return state != "Z"  # nobody may be there to collect it


async def test_tools_carry_the_servers_name_and_its_words(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        echo = peer.tool("echo")
        assert echo.runs_in == "mcp"
        assert echo.spec.description == "Say it again."
        assert echo.spec.parameters["properties"] == {"text": {"type": "string"}}
        result = await peer.call("echo", text="hällo")
        assert (result.outcome, result.content) == ("success", {"text/plain": "hällo"})
        assert peer.server.status == McpServerStatus(name="peer", state="ready", tools=15)


async def test_names_that_no_model_takes_are_made_to_fit_and_stay_apart(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        long = next(name for name in peer.server.tools if "xxx" in name)
        dotted = next(name for name in peer.server.tools if "dotted" in name)
        assert len(long) == 64
        assert dotted.startswith("peer__dotted_name_of_a_tool_")
        result = await peer.server.tools[dotted].call({}, ToolContext("c1"))
        assert result.content["text/plain"] == "dotted.name/of a tool"


async def test_a_tool_asks_unless_its_server_says_that_it_only_reads(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        assert (peer.tool("echo").policy, peer.tool("steps").policy) == ("allow", "ask")


async def test_progress_of_the_server_is_progress_of_the_call(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        seen: list[tuple[float, float | None, str | None]] = []

        def progress(done: float, total: float | None, message: str | None) -> None:
            seen.append((done, total, message))

        context = ToolContext("c1", progress=progress)
        await peer.tool("steps").call({}, context)
        assert seen == [(1, 3, "s1"), (2, 3, "s2"), (3, 3, "s3")]


async def test_pictures_resources_and_structured_content_become_a_bundle(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        assert (await peer.call("picture")).content["image/png"] == PIXEL
        mixed = (await peer.call("mixed")).content
        assert mixed["image/png"] == PIXEL
        assert mixed["text/markdown"] == "# A"
        for part in ("first", "# A", "[doc://b: application/pdf, 3 bytes]", "see – C <doc://c>"):
            assert part in mixed["text/plain"]
        assert mixed["audio/wav"] == "AAAA"
        assert "[1 more of type audio/wav, not shown]" in mixed["text/plain"]
        assert "text/html" not in mixed
        sums = (await peer.call("sums")).content
        assert sums["application/json"] == {"north": 3, "south": None}
        assert json.loads(sums["text/plain"]) == {"north": 3, "south": None}


async def test_of_several_pictures_all_are_shown_between_the_texts(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        content = (await peer.call("pictures")).content

    assert content["image/png"] == PIXEL
    assert content["image/svg+xml"] == "<svg></svg>"
    assert "[2 pictures; a model is given the first]" in content["text/plain"]
    places = [
        content["text/html"].index(part)
        for part in ("&lt;b&gt;before", PIXEL, "<pre>after", OTHER_PIXEL)
    ]
    assert places == sorted(places)
    shown = pictures_of(content)
    assert [each.uri.rpartition(",")[2] for each in shown] == [PIXEL, OTHER_PIXEL]


async def test_no_schema_of_a_server_is_fetched_or_computed_for_its_results(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        result = await peer.call("outside")
        assert result.outcome == "success", result.error
        assert result.content["application/json"] == {"a": 1}


async def test_a_tools_error_is_a_failed_result(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        result = await peer.call("broken")
        assert result.outcome == "failed"
        assert result.error is not None
        assert (result.error.message, result.error.reason) == ("no such region", "mcp_tool_failed")


async def test_a_cancelled_call_is_cancelled_at_the_server_which_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        call = asyncio.ensure_future(peer.call("hang"))
        asked = (await peer.heard("asked")).split()[1]
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await peer.heard("cancelled")).split()[1] == asked
        assert (await peer.call("echo", text="still here")).content["text/plain"] == "still here"


async def test_a_server_that_dies_fails_its_call_clearly_and_is_started_again(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as peer:
        first = peer.process
        waiting = asyncio.ensure_future(peer.call("hang"))
        await peer.heard("hanging")
        result = await peer.call("die")
        for each in (result, await waiting):
            assert each.outcome == "failed"
            assert each.error is not None
            assert each.error.reason == "mcp_server_died"
            assert "'peer' ended while it ran" in each.error.message
        await peer.until(lambda server: server.state == "ready")
        assert (await peer.call("echo", text="back")).content["text/plain"] == "back"
        assert peer.process != first


async def test_what_a_dying_server_said_last_is_told(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        await peer.call("die")
        await peer.until(lambda server: server.state == "ready")
        assert any("out of luck" in each and "exit code 3" in each for each in peer.messages)


async def test_a_changed_list_of_tools_is_followed(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        await peer.call("grow")
        await peer.until(lambda server: "peer__grown" in server.tools)


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")
async def test_no_process_of_a_server_outlives_it(tmp_path: Path) -> None:
    async with running(tmp_path) as peer:
        child = int((await peer.call("child")).content["text/plain"])
        server = peer.process
        assert _lives(child)
    await gone(server)
    await gone(child)


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")
async def test_no_process_of_a_server_outlives_a_host_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {str(Path.cwd())!r})
from tests.agentkit.tools.test_mcp import Peer, ToolContext
async def main():
    peer = Peer(Path({str(tmp_path)!r}))
    assert await peer.server.settled(30)
    result = await peer.call("child")
    print(peer.process, result.content["text/plain"], flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    host = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert host.stdout is not None
    line = await asyncio.wait_for(host.stdout.readline(), SECONDS)
    host.kill()
    await host.wait()
    for process in line.split():
        await gone(int(process))


async def test_a_server_gets_its_own_environment_and_no_key_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-servers")
    monkeypatch.setenv("PEER_REGION", "north")
    async with running(tmp_path, REGION="${PEER_REGION}", PLACE="${PEER_PLACE:-here}") as peer:
        seen = json.loads((await peer.call("environment")).content["text/plain"])
        assert (seen["REGION"], seen["PLACE"]) == ("north", "here")
        assert "OPENAI_API_KEY" not in seen


async def failure(given: dict[str, Any]) -> str:
    """Why a server with this configuration fails."""
    server = McpServer("peer", parse_servers({"peer": given}, "test")["peer"])
    assert not await server.settled(SECONDS)
    status = server.status
    await server.stop()
    assert status.state == "failed"
    assert status.message is not None
    return status.message


async def test_a_command_that_does_not_exist_is_named() -> None:
    message = await failure({"command": "no-such-mcp-server", "args": ["x"]})
    assert "There is no command 'no-such-mcp-server' on the PATH" in message
    assert "'command'" in message


async def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    message = await failure({"command": sys.executable, "cwd": str(tmp_path / "gone")})
    assert "gone' (cwd) does not exist" in message


async def test_a_variable_that_is_not_set_is_named() -> None:
    message = await failure({"command": "x", "env": {"TOKEN": "${NO_SUCH_VARIABLE_HERE}"}})
    assert "env.TOKEN asks for the environment variable NO_SUCH_VARIABLE_HERE" in message


async def test_a_program_that_is_no_server_is_quoted_without_its_secrets(tmp_path: Path) -> None:
    code = "import os, sys; sys.exit('bad key ' + os.environ['PEER_KEY'])"
    secret = "pk-1234567890abcdef"
    given = {"command": sys.executable, "args": ["-c", code], "env": {"PEER_KEY": secret}}
    config = parse_servers({"peer": given}, "test")["peer"]
    server = McpServer("peer", config, pause=lambda failures: 600)
    assert not await server.settled(SECONDS)
    message = server.message
    await server.stop()
    assert message is not None
    assert "bad key [secret]" in message
    assert secret not in message


async def test_an_address_where_nobody_listens_is_a_failure_that_says_so() -> None:
    message = await failure({"url": "http://127.0.0.1:9/mcp"})
    assert "connect" in message.lower()


async def test_starts_that_fail_are_tried_again_after_growing_pauses(tmp_path: Path) -> None:
    pauses: list[int] = []

    def pause(failures: int) -> float:
        pauses.append(failures)
        return 0.001

    config = parse_servers(
        {"peer": {"command": sys.executable, "args": ["-c", "raise SystemExit(1)"]}}, "test"
    )["peer"]
    done = asyncio.Event()
    server = McpServer(
        "peer",
        config,
        pause=pause,
        on_change=lambda server: done.set() if len(pauses) == 3 else None,
    )
    server.start()
    await asyncio.wait_for(done.wait(), SECONDS)
    await server.stop()
    assert pauses == [1, 2, 3]


def servers(folder: Path, **env: str) -> tuple[McpServers, dict[str, McpServerConfig]]:
    peer = Peer(folder, **env)
    return McpServers({"peer": peer.config}, wait_seconds=SECONDS), {"peer": peer.config}


async def test_a_registry_offers_the_tools_once_their_server_is_there(tmp_path: Path) -> None:
    source, _ = servers(tmp_path)
    registry = ToolRegistry()
    registry.add_source(source)
    said: list[tuple[str, str]] = []

    def say(message: str, reason: str) -> None:
        said.append((message, reason))

    try:
        # Nothing is there yet; what may come is no error.
        assert registry.select(["peer__*", "peer__echo"]) == []
        with pytest.raises(NotFound):
            registry.select(["other__echo"])
        await registry.ready(["peer__echo"], say)
        assert [tool.spec.name for tool in registry.select(["peer__e*"])] == [
            "peer__echo",
            "peer__environment",
        ]
        assert "peer__echo" in registry.names
        assert said == [("Waiting for the MCP server 'peer' to start.", "mcp_starting")]
    finally:
        await source.stop()
    assert registry.names == []


async def test_a_run_goes_on_without_a_server_that_does_not_come() -> None:
    config = parse_servers({"peer": {"command": "no-such-mcp-server"}}, "test")
    source = McpServers(config, wait_seconds=SECONDS)
    said: list[str] = []
    try:
        await source.ready(["peer__*"], lambda message, reason: said.append(reason))
        await source.ready(["unrelated"], lambda message, reason: said.append(reason))
        await source.ready(None, lambda message, reason: said.append(reason))
    finally:
        await source.stop()
    assert said == ["mcp_starting", "mcp_unavailable", "mcp_unavailable"]


async def test_a_server_that_is_too_slow_is_not_waited_for_longer_than_allowed(
    tmp_path: Path,
) -> None:
    peer = Peer(tmp_path, PEER_DELAY="600")
    source = McpServers({"peer": peer.config}, wait_seconds=0.05)
    said: list[str] = []
    try:
        await source.ready(None, lambda message, reason: said.append(message))
        assert "did not start within 0.05 s" in said[-1]
        assert source.status[0].state == "starting"
    finally:
        await source.stop()


@pytest.mark.parametrize(
    ("hints", "side_effects"),
    [
        (None, True),
        ({"readOnlyHint": True}, False),
        ({"idempotentHint": True}, False),
        ({"readOnlyHint": "yes", "idempotentHint": 1}, True),
    ],
)
def test_a_tool_has_side_effects_unless_its_server_says_that_it_may_be_repeated(
    hints: dict[str, Any] | None, side_effects: bool
) -> None:
    async def run(name: str, arguments: dict[str, Any], progress: Any) -> ToolResult:
        return ToolResult("success")

    given = {"name": "write", "annotations": hints}
    assert McpTool("files", given, "files__write", run).side_effects is side_effects
