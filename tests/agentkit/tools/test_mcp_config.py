from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentkit.errors import InvalidInput
from agentkit.tools.mcp_config import (
    HttpServer,
    StdioServer,
    expanded,
    masked,
    parse_servers,
    prefix_of,
    read_servers,
    secrets_of,
)
from agentkit.tools.mcp_server import pause_before
from agentkit.tools.mcp_tool import fitting

STDIO = {"command": "uvx", "args": ["files"], "env": {"FILES_TOKEN": "${TOKEN}"}}
HTTP = {"type": "http", "url": "https://e.test/mcp", "headers": {"Authorization": "Bearer ${T}"}}


def test_servers_are_read_in_the_shape_that_other_clients_share() -> None:
    servers = parse_servers({"mcpServers": {"files": STDIO, "web": HTTP}}, "here")
    assert servers == parse_servers({"files": STDIO, "web": HTTP}, "here")
    files, web = servers["files"], servers["web"]
    assert isinstance(files, StdioServer)
    assert (files.command, files.args) == ("uvx", ("files",))
    assert isinstance(web, HttpServer)
    assert web.url == "https://e.test/mcp"


def test_a_server_that_is_switched_off_is_left_out() -> None:
    assert parse_servers({"files": {**STDIO, "disabled": True}}, "here") == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["x"], "here: expected an object of servers by name"),
        ({"a": {}}, "here, server 'a': expected either 'command'"),
        ({"a": {**STDIO, "url": "http://x"}}, "either 'command' (a program to start) or 'url'"),
        ({"a": {"command": ""}}, "server 'a', command"),
        ({"a": {"command": "x", "args": "y"}}, "server 'a', args"),
        ({"a": {"command": "x", "env": {"A": 3}}}, "server 'a', env.A"),
        ({"a": {"url": "ftp://x"}}, "server 'a', url"),
        ({"a": {"url": "https://x/sse", "type": "sse"}}, "'sse' is no longer part of MCP"),
        ({"": STDIO}, "'' cannot be the name of a server"),
        ({"a.b": STDIO, "a_b": STDIO}, "'a.b' and 'a_b' would have the same names (a_b__…)"),
    ],
)
def test_a_wrong_configuration_names_the_server_and_the_field(given: object, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_servers(given, "here")
    assert words in refused.value.message


def test_a_file_that_is_no_json_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / ".mcp.json"
    file.write_text('{"mcpServers": {\n  "a": oops\n}}')
    with pytest.raises(InvalidInput, match="line 2, column 8: no JSON"):
        read_servers(file)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_servers(tmp_path / "none.json")


def test_variables_are_put_in_where_they_are_asked_for() -> None:
    web = expanded(parse_servers({"web": HTTP}, "here")["web"], {"T": "abc"})
    assert isinstance(web, HttpServer)
    assert web.headers == {"Authorization": "Bearer abc"}
    with pytest.raises(InvalidInput, match=r"headers\.Authorization asks for the .* variable T"):
        expanded(web.model_copy(update={"headers": HTTP["headers"]}), {})


def test_secrets_of_a_server_are_known_and_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T", "tok-12345678")
    web = parse_servers({"web": {**HTTP, "url": "https://e.test/mcp?key=qk-987654321"}}, "here")
    assert {"tok-12345678", "qk-987654321", "Bearer tok-12345678"} <= set(
        secrets_of(web["web"], lambda name: False)
    )
    told = masked("401 for qk-987654321 and tok-12345678", web["web"])
    assert told == "401 for [secret] and [secret]"
    env: dict[str, Any] = {"PEER_KEY": "pk-123456789", "REGION": "north-by-west"}
    peer = parse_servers({"peer": {"command": "x", "env": env}}, "here")["peer"]
    assert list(secrets_of(peer, lambda name: name.endswith("KEY"))) == ["pk-123456789"]


def test_the_servers_part_of_a_name_never_holds_the_mark_that_ends_it() -> None:
    assert prefix_of("my__server_") == "my_server"
    assert prefix_of("a b.c") == "a_b_c"
    assert prefix_of("7zip") == "m_7zip"


def test_names_that_would_be_the_same_stay_apart_and_the_same_from_start_to_start() -> None:
    first = fitting("s__", "a.b", {})
    second = fitting("s__", "a/b", {first: 1})
    assert first != second
    assert fitting("s__", "a.b", {}) == first
    assert len(fitting("s__", "x" * 100, {})) == 64


def test_pauses_double_to_a_minute_with_chance_in_them() -> None:
    for failures, middle in ((1, 0.5), (2, 1), (5, 8), (50, 60)):
        pauses = [pause_before(failures) for _ in range(50)]
        assert all(middle / 2 <= pause <= middle * 1.5 for pause in pauses)
        assert len(set(pauses)) > 1
