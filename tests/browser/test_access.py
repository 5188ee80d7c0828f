"""The view for everybody: contrast, names, roles, sizes, motion, in every state and theme."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.axe import open_all, violations


@pytest.mark.parametrize("theme", ["light", "dark", "contrast", "none"])
def test_no_state_breaks_a_rule_of_accessibility(show: Callable[..., Page], theme: str) -> None:
    page = show(f"theme={theme}", reduced_motion="reduce")
    assert violations(page) == []
    open_all(page)
    assert violations(page) == []
