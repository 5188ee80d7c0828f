"""What every test may use: Jupyter servers, ``async def`` tests, and the browser of this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

pytest_plugins = ["pytest_jupyter.jupyter_server"]

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Return the path of Chromium or Chrome; without one skip, or fail where a browser is required."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is not None:
        return Path(found)
    if os.environ.get("AGENTKIT_REQUIRE_BROWSER") == "1":
        pytest.fail("AGENTKIT_REQUIRE_BROWSER is set, and neither Chromium nor Chrome was found.")
    pytest.skip("Neither Chromium nor Chrome was found.")
