"""Hostile texts in JupyterLab, with all renderers that it has: nothing runs, nothing is fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nbformat
import pytest
from playwright.sync_api import Playwright, expect

from agentkit.trace.bundle import to_bundle
from agentkit.trace.document import TRACES_MIME
from agentkit.trace.export import to_bytes
from agentkit.trace.markdown import to_markdown
from tests.browser.conftest import CHROMIUM
from tests.browser.lab import Lab, LabPage
from tests.browser.test_hostile_pages import SETTLED
from tests.conftest import Times
from tests.hostile.corpus import PAYLOADS
from tests.hostile.results import RESULTS
from tests.hostile.traces import Json, traces
from tests.hostile.wire import NetLog, Wire

# nbformat is partly untyped.
_nbformat: Any = nbformat

KNOWN = re.compile(r"/(lab|static|api|agentkit|kernelspecs|custom|login|lsp|doc)(/|$)")
"""Of JupyterLab's own paths those that it asks for by itself."""

FOREIGN = "agentkit-trace > [slot]"
BESIDE = "beside.png"
"""A file that nobody may ask for; an address in a file's name has no slash."""

OUTPUTS = ".jp-OutputArea-output, agentkit-trace, #agentkit-runs"
SURFACES = "agentkit-trace, #agentkit-runs, .agentkit-document, .jp-Dialog-content, .Toastify"


class Watched(LabPage):
    """A page with the wire around it."""

    def __init__(self, wire: Wire, lab: Lab) -> None:
        super().__init__(wire.open_page(), lab)
        self.wire = wire
        self.page.goto(lab.login_url)

    def untouched(self, surfaces: str = SURFACES, foreign: str = FOREIGN) -> None:
        """Wait until all is shown; nothing has happened, and nothing waits to."""
        self.page.evaluate(SETTLED)
        assert self.wire.standing(self.page, surfaces, foreign) == []
        assert self.wire.tripped == []
        assert "/lab" in self.page.url


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server with the hostile model."""
    settings = ["--ServerApp.jpserver_extensions=wild_model=True"]
    with Lab(tmp_path_factory.mktemp("lab"), settings=settings) as running:
        yield running


@pytest.fixture
def watched(
    playwright: Playwright, lab: Lab, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Watched]:
    log = NetLog(tmp_path)

    def own(url: str) -> bool:
        path = urlsplit(url).path
        known = KNOWN.match(path) and not path.endswith(f"/{BESIDE}")
        return url.startswith(lab.url) and bool(known)

    with log.browser(playwright, CHROMIUM) as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = Watched(Wire(context, own), lab)
        yield page
        page.picture(f"hostile-{request.node.name[5:30]}")
        context.close()
    assert log.known == []


@pytest.mark.soak
def test_a_file_of_runs_is_shown_unharmed(lab: Lab, watched: Watched, times: Times) -> None:
    runs = traces(range(times(1, 6)))
    (lab.root / "runs.agenttrace.json").write_bytes(json.dumps(runs).encode())
    page = watched.page
    page.goto(f"{lab.url}/lab/tree/runs.agenttrace.json?reset")
    document = page.locator(".agentkit-document:visible")
    choices = document.get_by_role("navigation").get_by_role("button")
    expect(choices).to_have_count(len(runs))
    for number in range(len(runs)):
        choices.nth(number).click()
        view = document.locator("agentkit-trace").first
        expect(view).to_have_attribute("data-task-id", f"hostile-{number}")
        expect(view.locator("[data-seq]").nth(100)).to_be_attached()
        watched.untouched()
        watched.picture(f"hostile-file-{number}")


def _sent(value: Any) -> Any:
    """As it comes through a file in UTF-8, which holds no half of a surrogate pair."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _saved(runs: list[Json], lab: Lab, name: str) -> None:
    """A notebook of these runs, and of what is left of them where nothing of ours is installed."""
    bundles = [to_bundle(run)["data"] for run in runs[:2]]
    apart = [{mime: bundles[0][mime]} for mime in ("text/html", "text/markdown")]
    bundles += [*apart, {TRACES_MIME: {"version": 1, "traces": runs[2:4]}, **apart[0]}]
    lab.write(name, ["1"] * len(bundles))
    notebook = lab.read(name)
    for cell, data in zip(notebook.cells, bundles, strict=True):
        display = {"output_type": "display_data", "metadata": {}, "data": data}
        cell.outputs = [_nbformat.from_dict(_sent(display))]
    _nbformat.write(notebook, lab.root / name)


def test_a_saved_notebook_is_shown_unharmed_also_when_it_is_trusted(
    lab: Lab, watched: Watched
) -> None:
    runs = traces([0], start=100)
    _saved(runs, lab, "saved.ipynb")
    (lab.root / "runs.md").write_bytes(to_bytes("\n\n".join(map(to_markdown, runs[:2]))))
    watched.open("saved.ipynb", kernel=False)
    page = watched.page
    for trusted in (False, True):
        if trusted:
            watched.command("notebook:trust")
            page.locator(".jp-Dialog .jp-mod-accept").click()
        expect(watched.traces).not_to_have_count(0)
        for cell in range(5):
            page.locator(".jp-Notebook .jp-Cell").nth(cell).scroll_into_view_if_needed()
            watched.untouched(OUTPUTS, f"{FOREIGN}, .jp-RenderedHTML, .jp-RenderedMarkdown")
    # What leaves is listed before it does.
    page.locator(".jp-Notebook .jp-Cell").first.scroll_into_view_if_needed()
    watched.traces.first.locator("header").first.click(button="right")
    page.get_by_role("menuitem", name="Export Trace…").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("steps")
    watched.untouched()
    page.get_by_role("dialog").get_by_role("button", name="Save Here").click()
    expect(page.get_by_text("The trace was saved as")).to_be_visible()
    # The Markdown that is exported, drawn by JupyterLab itself, which would fetch and draw everything.
    watched.command("docmanager:open", {"path": "runs.md", "factory": "Markdown Preview"})
    expect(page.locator(".jp-MarkdownViewer:visible")).to_contain_text("Thought")
    watched.untouched(".jp-MarkdownViewer", ".jp-RenderedMarkdown")
    watched.picture("hostile-markdown")


CELLS = [
    """\
import json
from jupyter_agentkit import Agent

results = json.load(open("results.json"))
texts = json.load(open("texts.json"))

class Shown:
    def __init__(self, bundle):
        self.bundle = bundle

    def _repr_mimebundle_(self, **_):
        return self.bundle

def show(number: int) -> object:
    "Show something."
    return Shown(results[number % len(results)])

def agent(first, *tools):
    return Agent("hostile", tools=[show, *tools], model=f"hostile:{first}")""",
    "run = agent(0, 'ask_user').run(texts[0])\nrun",
    "agent(100).map(texts[20:23], concurrency=3)",
    """\
from pathlib import Path
from time import sleep

while not Path("gate").exists():
    sleep(0.02)
agent(200, 'ask_user').run(texts[30])""",
]


def test_a_live_run_is_shown_unharmed_in_its_cell_the_panel_and_notices(
    lab: Lab, watched: Watched
) -> None:
    name = f'"><img src={BESIDE} onerror=__hit(0)>.ipynb'
    (lab.root / "results.json").write_bytes(to_bytes(json.dumps([each for _, each in RESULTS])))
    (lab.root / "texts.json").write_bytes(
        to_bytes(json.dumps(_sent([each.text for each in PAYLOADS])))
    )
    lab.write(name, CELLS)
    lab.write("other.ipynb", ["1"])
    watched.open(quote(name))
    page = watched.page
    watched.command("agentkit:open-runs")
    watched.run_all()
    run = watched.trace(0)
    run.expect_status("input_required")
    watched.untouched()
    watched.picture("hostile-live")
    run.element.get_by_role("button", name="Timeline").first.click()
    run.element.locator("[data-asked] button").first.click()
    run.expect_status("completed")
    expect(watched.output(2)).to_contain_text("3 runs: 3 completed")
    watched.untouched(OUTPUTS, f"{FOREIGN}, .jp-RenderedHTML")
    watched.picture("hostile-panel")
    watched.command("docmanager:open", {"path": "other.ipynb"})
    expect(run.element).to_be_hidden()
    (lab.root / "gate").touch()
    toast = page.get_by_role("alert").filter(has_text="hostile")
    expect(toast.first).to_be_visible()
    watched.untouched()
    toast.get_by_role("button", name="Show").first.click()
    expect(watched.traces.last).to_be_in_viewport()
    watched.untouched()
