"""The code of the guide to the notebook's side, as its reader would run it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from jupyter_agentkit import agent
from jupyter_agentkit.client import Client
from jupyter_agentkit.local import LocalHost, default_hub

GUIDE = Path("docs/notebook.md")


def test_the_guides_code_runs_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AGENTKIT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    client = Client(LocalHost(default_hub()))
    monkeypatch.setattr(agent, "connect", lambda: client)
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    known: dict[str, Any] = {}

    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), known)

    assert len(blocks) == 6
    assert "42" in known["answer"]
    assert known["more"].thread == known["run"].thread
    assert known["answers"].counts == {"completed": 2}
