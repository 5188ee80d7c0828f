"""What a run gives for reading on, and what importing the package costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import jupyter_agentkit
from agentkit.errors import AgentKitError
from agentkit.llm.protocol import ToolCall
from jupyter_agentkit import Agent, page_module
from tests.jupyter_agentkit.kernel.server import ServeScript


def test_the_package_loads_what_a_notebook_needs_only_when_asked() -> None:
    code = (
        "import sys, jupyter_agentkit\n"
        "heavy = {'ipywidgets', 'anywidget', 'IPython', 'tornado', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from jupyter_agentkit import Agent\n"
        "assert 'ipywidgets' in sys.modules\n"
        "server = {'agentkit.hub.hub', 'fastapi', 'openai', 'anthropic', 'pandas', 'jupyter_server'}\n"
        "assert not server & set(sys.modules), server & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_public_name_is_there() -> None:
    for name in jupyter_agentkit.__all__:
        assert getattr(jupyter_agentkit, name) is not None
    assert set(jupyter_agentkit.__all__) <= set(dir(jupyter_agentkit))


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = jupyter_agentkit.nonsense


def test_a_run_is_a_table_with_one_row_a_step(serve: ServeScript) -> None:
    serve(["Let me see.", ToolCall("1", "add", {"a": 1, "b": 2})], ["Three."])

    def add(a: int, b: int) -> int:
        return a + b

    run = Agent("a", tools=[add]).run("Go")
    run.wait(20)

    table: Any = run.to_dataframe()

    assert list(table["event_type"]) == ["message", "tool_call", "final_answer"]
    call = table[table["tool"] == "add"].iloc[0]
    assert call["arguments"] == {"a": 1, "b": 2}
    assert (call["outcome"], call["text"]) == ("success", "3")
    assert call["duration_ms"] > 0
    assert table.iloc[-1]["text"] == "Three."
    assert table["seq"].is_monotonic_increasing


def test_a_table_without_pandas_says_what_to_install(
    serve: ServeScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(["Done."])
    run = Agent("a").run("Go")
    run.wait(20)
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(AgentKitError, match="pip install pandas"):
        run.to_dataframe()


def test_a_run_exports_what_it_said(serve: ServeScript) -> None:
    serve(["The answer is <42>."])
    run = Agent("a").run("What?")
    run.wait(20)

    assert run.trace["result"] == "The answer is <42>."
    assert "&lt;42&gt;" in run.to_html()
    assert "answer is" in run.to_markdown()
    assert "completed" in repr(run)
    assert len(repr(run)) < 200


def test_a_checkout_without_a_built_front_end_says_so_where_the_widget_is_laid_out(
    serve: ServeScript, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serve(["Done."])
    monkeypatch.setattr(page_module, "PAGE_MODULES", tmp_path)
    page_module.page_module.cache_clear()
    run = Agent("a").run("Go")

    assert run.wait(20) == "Done."
    with pytest.raises(AgentKitError, match="not built"):
        _ = run.model_id


def test_a_value_is_shown_by_the_formatters_of_its_user(
    serve: ServeScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_agentkit import showing

    serve([ToolCall("1", "point", {})], ["Shown."])
    shell = InteractiveShell()
    monkeypatch.setattr(showing, "get_ipython", lambda: shell)

    class Point:
        pass

    def html(_: Point) -> str:
        return "<b>point</b>"

    formatter: Any = shell.display_formatter
    formatter.formatters["text/html"].for_type(Point, html)

    def point() -> object:
        return Point()

    run = Agent("a", tools=[point]).run("Go")
    run.wait(20)

    result = next(step for step in run.steps if step["event_type"] == "tool_result")
    assert result["content"]["text/html"] == "<b>point</b>"
