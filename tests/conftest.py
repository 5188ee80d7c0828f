"""What every test may use: Jupyter servers to test in, plain ``async def`` tests, and long forms."""

from __future__ import annotations

from typing import Protocol

import pytest
from hypothesis import settings

pytest_plugins = ["pytest_jupyter.jupyter_server"]

settings.register_profile("soak", max_examples=5000, deadline=None)


class Times(Protocol):
    """``times(short, long)``: how often a test does what it repeats."""

    def __call__(self, short: int, long: int) -> int: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak", action="store_true", help="the long forms of the tests that have one"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--soak"):
        settings.load_profile("soak")


@pytest.fixture(scope="session")
def times(request: pytest.FixtureRequest) -> Times:
    """The first number in ``make test``, the second in ``make soak``. Mark the test ``soak``."""
    is_long = bool(request.config.getoption("--soak"))

    def choose(short: int, long: int) -> int:
        return long if is_long else short

    return choose
