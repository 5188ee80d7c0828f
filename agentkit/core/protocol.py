"""The plain data that everything else is written in: the token, an agent, a task's states.

Nothing here does I/O or imports another room of the house.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, computed_field

Outcome = Literal["success", "failed", "denied", "interrupted"]
"""How a tool call ended."""

MimeBundle = dict[str, Any]
"""A Jupyter MIME bundle: type → content. Text as ``str``, ``…+json`` as JSON, pictures as base64."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=128)]
"""The name of an agent: letters, digits, ``_``, ``.`` and ``-``; fit for a URL as it is."""

Verdict = Literal["allow", "ask", "deny"]
"""What a policy says of a call: run it, ask somebody first, or refuse it."""

OnAsk = Literal["approve", "deny", "fail"]
"""What is done in place of asking, where nobody is there to answer."""

TaskId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$", max_length=128)]
"""The id of a task, chosen by whoever starts it; fit for a URL as it is."""


ThreadId = TaskId
"""The id of a conversation: that of its first task, or any other that is written like it."""


class CancellationToken:
    """Says once, and for good, that a run shall stop.

    It needs no running loop; ``cancel`` may be called from any thread, any number of times. Those who
    have to act at that moment register with ``on_cancel``. Tokens are hashable by identity.
    """

    def __init__(self) -> None:
        self._cancelled = False
        self._reason: str | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def is_cancelled(self) -> bool:
        """``True`` once ``cancel`` was called."""
        return self._cancelled

    @property
    def reason(self) -> str | None:
        """What the first ``cancel`` gave as its reason."""
        return self._reason

    def cancel(self, reason: str | None = None) -> None:
        """Cancel. The first call counts and runs the callbacks; later ones do nothing."""
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            self._reason = reason
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            # One listener that is gone (a closed loop, say) must not keep the others from stopping.
            with contextlib.suppress(RuntimeError):
                callback()

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call ``callback`` when cancelled (in the cancelling thread), at once if that has happened.

        Returns
        -------
        A function that takes the registration back; calling it late or twice does no harm.
        """
        with self._lock:
            if not self._cancelled:
                self._callbacks.append(callback)
                return lambda: self._forget(callback)
        callback()
        return lambda: None

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._callbacks.remove(callback)

    def __repr__(self) -> str:
        return f"<CancellationToken {'cancelled' if self._cancelled else 'active'}>"


class TaskStatus(StrEnum):
    """The states of a task. The last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    INPUT_REQUIRED = "input_required"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """Its server died while it ran."""

    @property
    def is_final(self) -> bool:
        """Whether the task has ended."""
        return self in _FINAL


_FINAL = frozenset(
    {TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED, TaskStatus.INTERRUPTED}
)


class _Shape(BaseModel):
    """A shape that comes from outside: a field that it does not know is an error, not a silent loss."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Prompt(_Shape):
    """What a model is told before the conversation starts."""

    identity: str = ""
    """Who the agent is and how it works, in its user's words."""


class Rule(_Shape):
    """A verdict on calls with certain arguments."""

    when: dict[str, str] = Field(default_factory=dict[str, str])
    """Argument name → pattern (``*``, ``?``, ``[…]``) that its text has to match; all of them."""
    then: Verdict


Policy = dict[str, Verdict | tuple[Rule, ...]]
"""Tool name or pattern → the verdict, or rules of which the first that fits decides.

A tool's own name counts before patterns; patterns count in the order in which they are written."""


class Origin(_Shape):
    """The place in a notebook from which a task was started."""

    kernel_id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    """The kernel; the server knows which notebook it belongs to at present."""
    cell_id: Annotated[str, StringConstraints(max_length=128)] | None = Field(
        default=None, exclude_if=lambda value: value is None
    )


class ScriptedCall(_Shape):
    """A call of a script."""

    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])


class ScriptedTurn(_Shape):
    """What the demo provider says and calls in one turn of a script."""

    say: str = ""
    calls: tuple[ScriptedCall, ...] = ()


class AgentConfig(_Shape):
    """An agent, as it is registered."""

    name: Name
    description: str = ""
    agent_type: str = "assistant"
    """A label for the reader; it changes nothing."""
    task_mode: Literal["react", "llm_generate"] = "react"
    """``react``: the tool loop. ``llm_generate``: one call of the model, without tools."""
    prompt: Prompt = Prompt()
    model: str | None = None
    """``provider:model``; left out, the only or the default provider answers."""
    tools: tuple[str, ...] | None = None
    """Names or patterns (``github__*``) of the server's tools it may call; left out, all those that the
    server offers to every agent."""
    skills: tuple[str, ...] | None = None
    """Names of the skills it may activate; left out, all of them."""
    script: tuple[ScriptedTurn, ...] | None = None
    """What the simulated demo provider plays for it; no other provider is given it."""
    policy: Policy = Field(default_factory=dict[str, Any])
    """What it may do without being asked; the server's policy and the tools' own stand behind it."""
    limits: Limits | None = None


class Budget(_Shape):
    """What a run may use. A field that is left out has no limit."""

    requests: int | None = Field(default=None, ge=1)
    """Calls of the model."""
    tool_calls: int | None = Field(default=None, ge=1)
    input_tokens: int | None = Field(default=None, ge=1)
    output_tokens: int | None = Field(default=None, ge=1)
    total_tokens: int | None = Field(default=None, ge=1)
    cost: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """US dollars. It cannot hold where a price is not known; a warning says so."""
    seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Time, without the time in which somebody was asked."""


class Limits(Budget):
    """What ends a run, makes it ask, or cuts a result.

    Left-out fields take the next wider default: agent, server.
    """

    soft: Budget | None = None
    """Where the run asks whether to go on."""
    ask_seconds: float | None = Field(default=None, gt=0, le=1e9, allow_inf_nan=False)
    """How long a request waits for its answer before it expires; none: as long as the run."""
    history_tokens: int | None = Field(default=None, ge=1)
    """Tokens of the conversation's earlier turns that the model is given, as far as they can be
    estimated; none: what fits its window."""
    max_steps: int = Field(default=25, ge=1, le=10_000)
    """Turns of the loop, each one call of the model."""
    tool_seconds: float | None = Field(default=300, gt=0)
    """Time for one call of a tool; none: no limit."""
    arguments_chars: int = Field(default=1_000_000, ge=1_000)
    """Characters of the JSON of one call's arguments; a call with more is not run."""
    result_chars: int = Field(default=16_000, ge=100)
    """Characters of one tool result that the model is given."""
    result_bytes: int = Field(default=2_000_000, ge=1_000)
    """Bytes of one tool result that are kept for the reader."""


class ToolSpec(_Shape):
    """A tool as a model sees it: also the shape of the ``client_tools`` of a task."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$", max_length=64)]
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    """JSON Schema of an object."""
    side_effects: bool | None = Field(default=None, exclude_if=lambda value: value is None)
    """Whether a second call would do once more what the first did: then a resumed run asks before it
    repeats one. Left out, a tool has them that asks for consent. The model is not told."""


class ResumeTask(_Shape):
    """The body that resumes a task. Its limits are those of the first where it says nothing."""

    agent: Name | None = None
    """Left out: that of the task that is resumed or followed, else the only registered one."""
    config: AgentConfig | None = None
    """The agent itself, for this task only, whatever is registered under its name."""
    task_id: TaskId | None = None
    """Left out, the server makes one."""
    limits: Limits | None = None
    client_tools: tuple[ToolSpec, ...] = ()
    """Tools that the caller runs itself, such as a notebook's functions."""
    on_ask: OnAsk | None = None
    """What is done in place of asking; left out, a request waits for somebody. Not taken over by a resumed
    task: it tells who is there when a task is started."""
    origin: Origin | None = None


class StartTask(ResumeTask):
    """The body that starts a task."""

    input: str = ""
    thread_id: ThreadId | None = None
    """The conversation that it goes on with; a task without one begins a conversation of its own id."""
    follows: TaskId | None = None
    """The task that this one follows up: in its conversation, and with its agent and origin where these
    are left out. Both are shown in one place."""


class ErrorInfo(BaseModel):
    """Why something ended badly: a sentence for people, a code for programs."""

    message: str
    reason: str


def absent(value: object) -> bool:
    """Whether an optional field is left out of the JSON."""
    return value is None


class Usage(BaseModel):
    """What a run used in all. Absent where no provider reported it; never estimated."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int | None = Field(default=None, exclude_if=absent)
    reasoning_tokens: int | None = Field(default=None, exclude_if=absent)
    cost: float | None = Field(default=None, exclude_if=absent)
    """In US dollars; absent when a price is unknown."""


class Ask(BaseModel):
    """A request that waits for an answer, as lists show it."""

    request_id: str
    tool_name: str | None = Field(default=None, exclude_if=absent)
    """The tool that wants to be called; absent for a question."""
    arguments: dict[str, Any] | None = Field(default=None, exclude_if=absent)
    """All of them; absent where a list has no room for what has to be seen before somebody decides."""
    question: str | None = Field(default=None, exclude_if=absent)
    """Of a question, its beginning."""
    expires_at: str | None = Field(default=None, exclude_if=absent)


class Place(BaseModel):
    """Where a task is shown, or was started."""

    path: str
    """The notebook's, from the server's root."""
    cell_id: str | None = Field(default=None, exclude_if=absent)


class TaskSummary(BaseModel):
    """A task without its events, as lists show it."""

    if not TYPE_CHECKING:
        __setattr__ = (
            object.__setattr__
        )  # it is brought up to each event; pydantic takes ten times as long

    task_id: str
    agent: str
    input: str
    status: TaskStatus
    thread_id: str | None = None
    follows: str | None = None
    resumes: str | None = Field(default=None, exclude_if=absent)
    """The task that it takes on, whose input it has; it also follows it."""
    client_tools: tuple[str, ...] = ()
    """Names of the tools that the process runs itself that started it."""
    origin: Origin | None = None
    user: str | None = Field(default=None, exclude_if=absent)
    """Who started it, where the server knows its users by name."""
    simulated: bool = False
    created_at: str
    started_at: str | None = None
    finished_at: str | None = None
    last_seq: int = 0
    steps: int = 0
    asks: tuple[Ask, ...] = ()
    """The requests that wait for an answer."""
    usage: Usage | None = None
    result: str | None = None
    error: ErrorInfo | None = None
    place: Place | None = Field(default=None, exclude_if=absent)
    """Known to a server that has notebooks, and not stored here: notebooks are renamed."""

    @computed_field
    @property
    def open_requests(self) -> tuple[str, ...]:
        """Ids of the requests that wait for an answer."""
        return tuple(each.request_id for each in self.asks)


AgentConfig.model_rebuild()
