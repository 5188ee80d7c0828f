"""A trip wire around a page in Chromium: what a hostile text may not bring about there."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Frame, Page, Playwright, Request

from tests.hostile.corpus import AWAY, HERE

_MARKS = (AWAY, HERE)

CLAIMED = (
    "jupyter-config-data",
    "main",
    "jp-main-dock-panel",
    "jupyterlab-splash",
    "__hit",
    "fetch",
)


STANDING = Path(__file__).with_name("standing.js").read_text(encoding="utf-8")


class Wire:
    """Everything that a page does to which nobody asked it.

    Parameters
    ----------
    context
        What to watch, before its first page is opened.
    own
        Tells whether the page may ask for an address.
    """

    def __init__(self, context: BrowserContext, own: Callable[[str], bool]) -> None:
        self._context = context
        self._own = own
        self._opened = 0
        self._at = ""
        self._tripped: list[str] = []
        cast("Any", context).expose_binding("__hit", self._ran)
        context.on("request", self._requested)
        context.on("page", self._paged)

    def open_page(self) -> Page:
        """A page that is meant to be there."""
        self._opened += 1
        return self._context.new_page()

    def standing(self, page: Page, surfaces: str, foreign: str) -> list[str]:
        """What the page holds that would do harm when it is clicked, or does it without a trace.

        Parameters
        ----------
        surfaces
            Selects where hostile text is shown.
        foreign
            Selects where HTML of others stands, in the surfaces.
        """
        given = json.dumps([surfaces, foreign, CLAIMED])
        return page.evaluate(f"() => ({STANDING})(...{given})")

    @property
    def tripped(self) -> list[str]:
        """What happened, in order and once."""
        return list(dict.fromkeys(self._tripped))

    def wait_for(self, page: Page, what: str) -> None:
        """Wait until it has tripped."""
        deadline = time.monotonic() + 30
        while not any(each.startswith(f"{what}: ") for each in self._tripped):
            assert time.monotonic() < deadline, f"{what!r} did not trip: {self._tripped}"
            page.wait_for_timeout(20)  # Playwright gives its events only while it is waited for

    def _trip(self, what: str, *details: object) -> None:
        self._tripped.append(f"{what}: {' '.join(map(str, details))[:300]}")

    def _ran(self, _source: object, *what: object) -> None:
        self._trip("ran", *what)

    def _requested(self, request: Request) -> None:
        url = request.url
        if url.startswith(("data:", "blob:", "about:")):
            if request.is_navigation_request() and not url.startswith("about:"):
                self._trip("navigated", url)
        elif any(mark in url for mark in _MARKS) or not self._own(url):
            self._trip("fetched", url)

    def _paged(self, page: Page) -> None:
        if len(self._context.pages) > self._opened:
            self._trip("opened a window", page.url)
        page.on("dialog", self._dialogue)
        page.on("download", lambda download: self._trip("downloaded", download.url))
        page.on("frameattached", lambda frame: self._trip("brought a frame", frame.url))
        page.on("framenavigated", lambda frame: self._navigated(page, frame))
        page.on("console", lambda message: self._said(message.text))
        page.on("websocket", lambda socket: self._socket(socket.url))

    def _dialogue(self, dialog: Any) -> None:
        if dialog.type != "beforeunload":
            self._trip("asked", dialog.message)
        dialog.accept()

    def _navigated(self, page: Page, frame: Frame) -> None:
        if frame is page.main_frame and any(mark in frame.url for mark in _MARKS):
            self._trip("navigated", frame.url)

    def _said(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self._trip("was held back", text)

    def _socket(self, url: str) -> None:
        if AWAY in url or not self._own(url.replace("ws", "http", 1)):
            self._trip("opened a socket", url)


def of_host(address: str) -> Callable[[str], bool]:
    """Tells whether an address is on the same host and port."""
    host = urlsplit(address).netloc
    return lambda url: urlsplit(url).netloc == host


class NetLog:
    """What a browser's network was asked for, look-ups of names included, as the browser writes it down."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "network.json"

    @contextmanager
    def browser(self, playwright: Playwright, chromium: str | None) -> Generator[Browser]:
        """A browser that reaches nothing but this machine."""
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--disable-component-update",
                f"--log-net-log={self._file}",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        try:
            yield browser
        finally:
            browser.close()

    @property
    def known(self) -> list[str]:
        """Where the name of ``AWAY`` stands in it, once the browser is closed."""
        text = self._file.read_text(encoding="utf-8", errors="replace")
        return re.findall(rf"[^\"]{{0,80}}{re.escape(AWAY)}[^\"]{{0,80}}", text)
