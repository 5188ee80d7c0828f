"""The agent that a task brought along, and its limits: kept so that a later server can go on with them."""

from __future__ import annotations

import json
import logging
import sqlite3

from pydantic import ValidationError

from agentkit.core.protocol import AgentConfig, Limits
from agentkit.core.redaction import Redactor

log = logging.getLogger("agentkit")


def written(agent: AgentConfig, redactor: Redactor) -> str | None:
    """An agent as JSON; ``None`` for one with a secret in it.

    That one is not kept: masked, its rules would allow something else.
    """
    fields = agent.model_dump(mode="json", exclude_unset=True)
    return json.dumps(fields) if redactor.redact(fields) == fields else None


def add_agent(connection: sqlite3.Connection, task_id: str, text: str) -> None:
    """Keep the agent of a task."""
    connection.execute("INSERT INTO agents (task, config) VALUES (?, ?)", (task_id, text))


def agent_of(connection: sqlite3.Connection, task_id: str) -> AgentConfig | None:
    """The agent that a task brought along; ``None`` where it brought none."""
    query = "SELECT config FROM agents WHERE task = ?"
    row = connection.execute(query, (task_id,)).fetchone()
    try:
        return None if row is None else AgentConfig.model_validate_json(row[0])
    except ValidationError as error:  # written by another version
        log.error("The agent of task %s in the journal is not readable: %s", task_id, error)
        return None


def add_limits(connection: sqlite3.Connection, task_id: str, limits: Limits) -> None:
    """Keep the limits that a task was given itself."""
    text = limits.model_dump_json(exclude_unset=True)
    connection.execute("INSERT INTO limits (task, given) VALUES (?, ?)", (task_id, text))


def limits_of(connection: sqlite3.Connection, task_id: str) -> Limits | None:
    """The limits that a task was given itself; ``None`` where it was given none."""
    query = "SELECT given FROM limits WHERE task = ?"
    row = connection.execute(query, (task_id,)).fetchone()
    try:
        return None if row is None else Limits.model_validate_json(row[0])
    except ValidationError as error:  # written by another version
        log.error("The limits of task %s in the journal are not readable: %s", task_id, error)
        return None
