"""What a server asks of the pages that have notebooks open."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from agentkit.errors import AgentKitError
from agentkit.tools.builtin.cells import Cell
from jupyter_agentkit.page_frames import Read, Run
from jupyter_agentkit.ports.pages import Page, Pages

SECONDS = 20
CELL: dict[str, Any] = {"id": "a", "cell_type": "code", "source": "a = 1", "outputs": []}


class Browser:
    """A page whose user is the test."""

    def __init__(self, pages: Pages, *paths: str, **state: bool) -> None:
        self.pages = pages
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.page = Page(lambda text: self._heard.put_nowait(json.loads(text)))
        pages.add(self.page)
        if paths:
            self.show(*paths, **state)

    def say(self, frame: object) -> None:
        self.pages.hear(self.page, frame if isinstance(frame, str) else json.dumps(frame))

    async def hear(self) -> dict[str, Any]:
        """What the server says next."""
        return await asyncio.wait_for(self._heard.get(), SECONDS)

    def show(self, *paths: str, **state: bool) -> None:
        """Have these notebooks open."""
        fields = {"dirty": False, "collaborative": False, "active": False} | state
        notebooks = [{"path": path, **fields} for path in paths]
        self.say({"type": "notebooks", "notebooks": notebooks})


async def test_a_request_is_answered_by_its_number() -> None:
    browser = Browser(Pages(), "n.ipynb")
    first = asyncio.create_task(browser.page.ask(Read(path="n.ipynb")))
    second = asyncio.create_task(browser.page.ask(Read(path="n.ipynb")))
    one, two = await browser.hear(), await browser.hear()
    assert (one["type"], one["path"]) == ("read", "n.ipynb")
    browser.say({"type": "done", "id": two["id"], "cells": []})
    browser.say({"type": "done", "id": one["id"], "cells": [CELL]})
    assert await first == [Cell(id="a", cell_type="code", source="a = 1")]
    assert await second == []


@pytest.mark.parametrize("reason", ["cell_changed", "cell_not_found", "notebook_gone", "read_only"])
async def test_a_refusal_of_the_page_keeps_its_reason(reason: str) -> None:
    browser = Browser(Pages(), "n.ipynb")
    asked = asyncio.create_task(browser.page.ask(Read(path="n.ipynb")))
    number = (await browser.hear())["id"]
    browser.say({"type": "failed", "id": number, "reason": reason, "message": "No."})
    with pytest.raises(AgentKitError, match="No") as refused:
        await asked
    assert refused.value.reason == reason


async def test_a_page_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    browser = Browser(Pages(), "n.ipynb")
    with pytest.raises(AgentKitError) as refused:
        await browser.page.ask(Read(path="n.ipynb"), seconds=0.01)
    assert refused.value.reason == "page_silent"
    # A late answer finds nobody.
    browser.say({"type": "done", "id": (await browser.hear())["id"], "cells": []})


async def test_a_page_that_leaves_ends_what_was_asked_of_it() -> None:
    pages = Pages()
    browser = Browser(pages, "n.ipynb")
    asked = asyncio.create_task(browser.page.ask(Read(path="n.ipynb")))
    await browser.hear()
    pages.remove(browser.page)
    with pytest.raises(AgentKitError) as refused:
        await asyncio.wait_for(asked, SECONDS)
    assert refused.value.reason == "page_gone"
    assert pages.holding("n.ipynb") is None


async def test_what_is_cancelled_is_stopped_in_the_page() -> None:
    browser = Browser(Pages(), "n.ipynb")
    asked = asyncio.create_task(
        browser.page.ask(Run(path="n.ipynb", cell_id="a", source="a"), seconds=None)
    )
    number = (await browser.hear())["id"]
    asked.cancel()
    assert await browser.hear() == {"type": "stop", "id": number}
    with pytest.raises(asyncio.CancelledError):
        await asked


@pytest.mark.parametrize(
    "frame", ["no json", [], {"type": "what"}, {"type": "done", "id": [], "cells": []}, {"id": {}}]
)
async def test_what_cannot_be_understood_harms_nothing(frame: object) -> None:
    browser = Browser(Pages(), "n.ipynb")
    browser.say(frame)
    browser.say({"type": "ping"})
    assert await browser.hear() == {"type": "pong"}


async def test_an_answer_that_is_not_understood_ends_the_request() -> None:
    browser = Browser(Pages(), "n.ipynb")
    asked = asyncio.create_task(browser.page.ask(Read(path="n.ipynb")))
    number = (await browser.hear())["id"]
    browser.say({"type": "done", "id": number, "cells": [{"id": 7}]})
    with pytest.raises(AgentKitError, match="Reload") as refused:
        await asked
    assert refused.value.reason == "page_outdated"


async def test_of_several_pages_the_one_with_unsaved_work_is_asked() -> None:
    pages = Pages()
    clean, dirty = Browser(pages, "n.ipynb"), Browser(pages, "n.ipynb", dirty=True)
    clean.show("n.ipynb", active=True)
    assert pages.holding("n.ipynb") is dirty.page


async def test_of_several_pages_the_one_that_was_looked_at_last_is_asked() -> None:
    pages = Pages()
    first, second = Browser(pages, "n.ipynb", active=True), Browser(pages, "n.ipynb")
    assert pages.holding("n.ipynb") is first.page
    second.show("n.ipynb", active=True)
    assert pages.holding("n.ipynb") is second.page
    second.show("n.ipynb")
    assert pages.holding("n.ipynb") is second.page
    second.show()
    assert pages.holding("n.ipynb") is first.page


async def test_a_page_that_is_just_connecting_is_waited_for() -> None:
    pages = Pages()
    waiting = asyncio.create_task(pages.wait_for("n.ipynb", 30))
    browser = Browser(pages)
    browser.show("other.ipynb")
    browser.show("other.ipynb", "n.ipynb")
    assert await waiting is browser.page
    assert await pages.wait_for("none.ipynb", 0.01) is None
