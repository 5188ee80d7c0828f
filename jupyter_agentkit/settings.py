"""What can be set: the traits of ``c.AgentKitApp``, checked where they are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir
from traitlets import Bool, Dict, Float, Int, List, TraitError, Unicode, default, validate
from traitlets.config import Configurable

from agentkit.errors import InvalidInput
from agentkit.hub.defaults import AWAY_SECONDS, KEEP_BYTES, KEEP_DAYS, MAX_QUEUED, MAX_RUNNING
from jupyter_agentkit.handlers.alive import PING_SECONDS
from jupyter_agentkit.ports.patience import BUSY_SECONDS


class AgentKitSettings(Configurable):
    """The settings of the extension."""

    model = Unicode(
        "",
        config=True,
        help="""The 'provider:model' of agents that name none, such as 'openai:gpt-5-mini'. Empty:
        the environment decides (AGENTKIT_MODEL, OPENAI_API_KEY, ANTHROPIC_API_KEY), and when it says
        nothing, the simulated 'demo' provider answers.""",
    )
    providers = Dict(
        config=True,
        help="""Model servers by name, so that 'NAME:MODEL' asks them: each with a 'kind' ('openai',
        'azure', 'anthropic' or 'pydantic-ai'), a 'base_url', and 'api_key_env', the environment variable
        of its key. Further: 'model' (its default), 'images', 'silence', 'max_tokens', 'thinking',
        'api_version', 'vendor', 'settings', and 'api_key' for a file that nobody else can read.""",
    )
    prices = Dict(
        config=True,
        help="""What models cost, and how much they can read, before the built-in price list:
        {'NAME:MODEL*': {'input': …, 'output': …, 'cached_input': …, 'window': …}}, in US dollars per
        million tokens and in tokens.""",
    )
    journal = Unicode(
        config=True,
        help="The SQLite file with all tasks and their events; ':memory:' keeps none.",
    )
    keep_days = Float(
        KEEP_DAYS,
        min=0,
        config=True,
        help="""Days that the journal keeps a conversation after its last task has ended; 0: for ever. A
        task that goes on, and what it goes on from, is always kept, and so is what notebooks hold.""",
    )
    keep_bytes = Int(
        KEEP_BYTES,
        min=0,
        config=True,
        help="""Bytes of tasks beyond which the journal deletes the oldest conversations, though none whose
        last task ended less than an hour ago; 0: no limit.""",
    )
    skills_folders = List(
        Unicode(),
        config=True,
        help="""Folders of skills (each skill a folder with a SKILL.md), besides .agents/skills in the
        server's root folder, if it is trusted, and in the user's home.""",
    )
    agents_folders = List(
        Unicode(),
        config=True,
        help="""Folders of agents (each a file .yaml, .yml or .md), besides .agents/agents in the
        server's root folder, if it is trusted, and agentkit/agents in the user's configuration folder
        of Jupyter.""",
    )
    trusted_folders = List(
        Unicode(),
        config=True,
        help="""Root folders whose own skills and agents are loaded, besides those that the user trusts
        with 'jupyter agentkit trust'.""",
    )
    limits = Dict(
        config=True,
        help="""The widest limits of a run: max_steps, requests, tool_calls, input_tokens,
        output_tokens, total_tokens, cost (US dollars), seconds; 'soft' with any of the last seven, where
        a run asks whether to go on; tool_seconds, ask_seconds, history_tokens, result_chars, result_bytes.
        Agents and runs may set others.""",
    )
    bounds = Dict(
        config=True,
        help="""The most that is taken of clients: body_bytes, trace_bytes, frame_chars, page_frame_bytes,
        input_chars, answer_chars, reason_chars, agent_chars, agents, tools, tools_chars, offers,
        thread_tasks, displays, sockets, task_sockets. What is left out has its default.""",
    )
    policy = Dict(
        config=True,
        help="""What agents may do: tool name or pattern to 'allow', 'ask' or 'deny', or to a list of
        rules {'when': {ARGUMENT: PATTERN}, 'then': …}, of which the first that fits decides. An agent's own
        policy comes before it, but what it denies, no agent may do.""",
    )
    private_tasks = Bool(
        config=True,
        help="""Whether users reach only the tasks that they have started and those of nobody, such as the
        kernels'. The default is so where the server's identity provider gives its users names that stay;
        who comes with a token or a password has none.""",
    )
    max_running = Int(
        MAX_RUNNING,
        min=1,
        config=True,
        help="Tasks that run at the same time; further ones wait, in the order of their start.",
    )
    max_queued = Int(
        MAX_QUEUED,
        min=0,
        config=True,
        help="Tasks that wait for a place to run in; further ones are refused.",
    )
    ping_seconds = Float(
        PING_SECONDS,
        min=0.01,
        config=True,
        help="""Seconds between two signs of life on an open socket: less than the proxies between the server
        and its pages allow an idle one.""",
    )
    busy_seconds = Float(
        BUSY_SECONDS,
        min=0,
        config=True,
        help="Seconds that code of an agent waits for a kernel that runs a cell before it fails.",
    )
    away_seconds = Float(
        AWAY_SECONDS,
        min=0,
        config=True,
        help="""Seconds that a call of a notebook's function waits for a kernel that is away before
        it ends as interrupted.""",
    )

    mcp_servers = Dict(
        config=True,
        help="""MCP servers whose tools agents may call, as 'server__tool': an object by name, in the
        shape of "mcpServers" elsewhere. A server has a 'command' with 'args', 'env' and 'cwd', or a 'url'
        with 'headers'; ${NAME} in them is a variable of this server's environment.""",
    )
    mcp_config = Unicode(
        "",
        config=True,
        help="""A JSON file with "mcpServers", such as a project's .mcp.json. Its commands are run, so name
        only files that you trust.""",
    )

    @default("journal")
    def _default_journal(self) -> str:
        return str(Path(jupyter_data_dir()) / "agentkit" / "journal.sqlite3")

    @validate("providers", "prices", "bounds", "limits", "policy", "mcp_servers")
    def _valid(self, proposal: Any) -> Any:
        # A server whose settings name none of these needs not load what knows them.
        from jupyter_agentkit.checks import CHECKS

        name = proposal["trait"].name
        where = f"AgentKitApp.{name}"
        try:
            CHECKS[name](proposal["value"], where)
        except InvalidInput as error:
            told = error.message if where in error.message else f"{where}: {error.message}"
            raise TraitError(told) from None
        return proposal["value"]
