"""A cell that waits for a run lends its thread to the code that agents run in this kernel.

``run.wait()`` keeps the kernel busy until the run has ended, and a run that calls ``run_python`` cannot end
before the kernel has run its code. So the code is offered on the control channel, which is heard while a cell
runs, and the waiting cell runs it. What the code prints and shows is published as if it were a cell of its
own, with the offer as its parent. See ``control_messages``.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Generator
from typing import Any

from IPython.core.getipython import get_ipython

from jupyter_agentkit.control_messages import OFFER, STOP

Message = dict[str, Any]


class Lender:
    """Takes offers in the kernel's control thread, and runs them in the main thread while it waits."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], object]] = []
        self._offer: Message | None = None
        self._running: str | None = None
        self._stopped = False
        kernel.control_handlers[OFFER] = self._on_offer
        kernel.control_handlers[STOP] = self._on_stop

    @contextlib.contextmanager
    def lending(self, waker: Callable[[], object]) -> Generator[Callable[[], None]]:
        """Accept offers; ``waker`` is called for one, from the control thread. Then call what this gives."""
        with self._lock:
            self._wakers.append(waker)
        try:
            yield self._serve
        finally:
            with self._lock:
                self._wakers.remove(waker)
                # Taken at the last moment, and nobody waits any more.
                left = self._offer if not self._wakers else None
                self._offer = None if left else self._offer
            if left is not None:
                self._finish(left, {"status": "aborted"})

    def _on_offer(self, stream: Any, ident: Any, message: Message) -> None:
        with self._lock:
            accepted = bool(self._wakers) and self._offer is None and self._running is None
            if accepted:
                self._offer = message
                self._wakers[-1]()
        self._reply(stream, ident, message, {"accepted": accepted})

    def _on_stop(self, stream: Any, ident: Any, message: Message) -> None:
        wanted = message["content"].get("request")
        with self._lock:
            dropped = self._offer if self._offer and _id(self._offer) == wanted else None
            if dropped:
                self._offer = None
            running = wanted is not None and self._running == wanted
            if running:
                self._stopped = True
                interrupt_main_thread()
        if dropped:
            self._finish(dropped, {"status": "aborted"})
        self._reply(stream, ident, message, {"known": bool(dropped) or running})

    def _reply(self, stream: Any, ident: Any, message: Message, content: dict[str, Any]) -> None:
        kind = message["header"]["msg_type"].replace("_request", "_reply")
        content = {"status": "ok", **content}
        self._kernel.session.send(stream, kind, content, parent=message, ident=ident)

    def _serve(self) -> None:
        with self._lock:
            offer, self._offer = self._offer, None
            if offer is None:
                return
            self._running, self._stopped = _id(offer), False
        interrupted = False
        try:
            content = _run(self._kernel, offer)
            interrupted = content["interrupted"]
        except KeyboardInterrupt:  # between the code and here
            content, interrupted = {"status": "error"}, True
        stopped = self._end_of_running()
        self._finish(offer, content)
        if interrupted and not stopped:
            # The user has interrupted the cell, and not somebody the code.
            raise KeyboardInterrupt

    def _end_of_running(self) -> bool:
        while True:
            try:
                with self._lock:
                    self._running = None
                    return self._stopped
            except KeyboardInterrupt:  # the stop came when the code had just ended
                continue

    def _finish(self, offer: Message, content: dict[str, Any]) -> None:
        self._kernel.session.send(
            self._kernel.iopub_socket,
            "execute_reply",
            content,
            parent=offer,
            ident=b"execute_reply",
        )


def _run(kernel: Any, offer: Message) -> dict[str, Any]:
    """Run the code within the waiting cell, and put everything back that belongs to the cell."""
    shell, content = kernel.shell, offer["content"]
    cell, ident = kernel.get_parent("shell"), kernel._parent_ident["shell"]
    result_of_cell = shell.displayhook.exec_result
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    kernel.set_parent([], offer, "shell")
    try:
        code = content["code"]
        if shell.should_run_async(code, transformed_cell=shell.transform_cell(code)):
            _refuse_await(kernel, offer)
            return {"status": "error", "interrupted": False}
        done = shell.run_cell(code, store_history=False, silent=content["silent"])
        expressions = shell.user_expressions(content["user_expressions"])
        return {
            "status": "ok" if done.success else "error",
            "user_expressions": expressions,
            "interrupted": isinstance(done.error_in_exec, KeyboardInterrupt),
        }
    finally:
        signal.signal(signal.SIGINT, handler)
        shell.displayhook.exec_result = result_of_cell
        sys.stdout.flush()
        sys.stderr.flush()
        kernel.set_parent(ident, cell, "shell")


def _refuse_await(kernel: Any, offer: Message) -> None:
    message = (
        "Code with an 'await' of its own cannot run while the notebook's cell waits for this run. Run it"
        " without, such as asyncio.run(…) in a thread."
    )
    content = {"ename": "RuntimeError", "evalue": message, "traceback": [message]}
    kernel.session.send(kernel.iopub_socket, "error", content, parent=offer, ident=b"error")


def _id(message: Message) -> str:
    return message["header"]["msg_id"]


def interrupt_main_thread() -> None:
    """Interrupt what this process runs, as its server would."""
    # Unlike _thread.interrupt_main, a real signal wakes what sleeps.
    if hasattr(signal, "pthread_kill"):
        ident = threading.main_thread().ident
        assert ident is not None
        signal.pthread_kill(ident, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


_lender: Lender | None = None
_lock = threading.Lock()


@contextlib.contextmanager
def lending(waker: Callable[[], object]) -> Generator[Callable[[], None]]:
    """Lend this thread, if it is the main thread of a kernel, as long as the context lasts.

    Parameters
    ----------
    waker
        Called from another thread when there is something to run: then call the function that this gives.
    """
    own = listen() if threading.current_thread() is threading.main_thread() else None
    if own is None:
        yield lambda: None
        return
    with own.lending(waker) as serve:
        yield serve


def listen() -> Lender | None:
    """Have this kernel hear offers, if this process is one. From any thread."""
    global _lender
    kernel = getattr(get_ipython(), "kernel", None)
    if not hasattr(kernel, "control_handlers"):
        return None
    with _lock:
        if _lender is None:
            _lender = Lender(kernel)
        return _lender
