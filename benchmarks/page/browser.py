"""JupyterLab and a Chromium, each for as long as a benchmark lasts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.lab import Lab, LabPage


@contextmanager
def lab_page() -> Generator[LabPage]:
    """A page that is logged in at a JupyterLab of its own, with the models of the browser tests."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Lab(Path(folder)) as lab,
        sync_playwright() as tool,
    ):
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = LabPage(browser.new_page(), lab)
        page.page.goto(lab.login_url)
        yield page
        browser.close()
