"""A page whose reader has chosen another language, and sees it in all that is ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from playwright.sync_api import expect

from tests.browser.lab import Lab, LabPage

ROOT = Path(__file__).parents[2]
PACK = "jupyterlab_language_pack_de_DE"
DOMAIN = "jupyter_agentkit"

ON_THE_PAGE = {
    "%2 step": ["%2 Schritt", "%2 Schritte"],
    "Find in this run": ["In diesem Lauf suchen"],
    "Cancel All Runs…": ["Alle Läufe abbrechen…"],
    "Show All Runs": ["Alle Läufe zeigen"],
    "Agent Runs": ["Läufe der Agenten"],
    "No runs yet": ["Noch keine Läufe"],
    "Agents": ["Agenten"],
}
IN_THE_SCHEMA = {
    ("menu", "Agents"): "Agenten",
    ("schema", "Agents"): "Agenten",
    ("settings", "Follow runs"): "Läufen folgen",
    ("settings", "When its notebook is out of sight"): "Wenn sein Notebook nicht zu sehen ist",
}
"""What stands in the schema, by context and text: the server reads it, and the page too."""


def install(folder: Path) -> None:
    """Put a language pack into a folder of Python's path, as pip does."""
    messages = folder / PACK / "locale" / "de_DE" / "LC_MESSAGES"
    messages.mkdir(parents=True)
    (folder / PACK / "__init__.py").touch()
    # The names are those that JupyterLab reads; without plural forms it refuses the whole pack.
    about = {"domain": DOMAIN, "language": "de-DE", "plural_forms": "nplurals=2; plural=(n != 1);"}
    of_schema = {f"{context}\x04{text}": [said] for (context, text), said in IN_THE_SCHEMA.items()}
    texts = {"": about, **ON_THE_PAGE, **of_schema}
    (messages / f"{DOMAIN}.json").write_text(json.dumps(texts))
    catalog = Catalog(locale="de_DE", domain=DOMAIN)
    for (context, text), translated in IN_THE_SCHEMA.items():
        catalog.add(text, translated, context=context)
    with (messages / f"{DOMAIN}.mo").open("wb") as file:
        write_mo(file, catalog)
    information = folder / f"{PACK}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACK}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[jupyterlab.languagepack]\nde_DE = {PACK}\n")


@pytest.fixture
def german_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A server with a German language pack, whose user has chosen German."""
    install(tmp_path / "packages")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "packages"))
    with Lab(tmp_path) as lab:
        setting = {"raw": json.dumps({"locale": "de_DE"})}
        lab.request("PUT", "lab/api/settings/@jupyterlab/translation-extension:plugin", setting)
        yield lab


def test_a_run_the_panel_the_commands_and_the_settings_are_in_the_language_of_jupyterlab(
    german_lab: Lab, open_page: Callable[[Lab], LabPage]
) -> None:
    sample = ROOT / "tests" / "samples" / "completed.json"
    (german_lab.root / "a.agenttrace.json").write_text(sample.read_text())
    page = open_page(german_lab).page
    page.goto(f"{german_lab.url}/lab/tree/a.agenttrace.json?reset")
    trace = page.locator("agentkit-trace")
    expect(trace.locator("footer")).to_contain_text(" Schritte")
    trace.hover()
    trace.get_by_role("button", name="In diesem Lauf suchen").click()
    expect(trace.get_by_role("searchbox", name="In diesem Lauf suchen")).to_be_focused()
    page.get_by_role("menuitem", name="View", exact=True).click()
    page.get_by_role("menuitem", name="Alle Läufe zeigen").click()
    panel = page.locator("#agentkit-runs")
    expect(panel.get_by_role("heading", name="Läufe der Agenten")).to_be_visible()
    expect(panel).to_contain_text("Noch keine Läufe")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    # JupyterLab's server leaves the schemas of extensions as they are when it lists them all.
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Agent(en|s)$")).hover()
    expect(page.get_by_role("menuitem", name="Alle Läufe abbrechen…")).to_be_visible()
    LabPage(page, german_lab).picture("german")
    page.keyboard.press("Escape")
    LabPage(page, german_lab).command("settingeditor:open", {"query": "Agenten"})
    editor = page.locator("#setting-editor, .jp-SettingsPanel").first
    expect(editor).to_contain_text("Läufen folgen")
    expect(page.locator(".jp-PluginList")).to_contain_text("Agenten")
    option = editor.locator("option", has_text="Wenn sein Notebook nicht zu sehen ist")
    expect(option).to_have_count(2)
    LabPage(page, german_lab).picture("german-settings")
    schema = german_lab.request("GET", "lab/api/settings/jupyter-agentkit:plugin")["schema"]
    assert schema["title"] == "Agenten"
    assert schema["properties"]["follow"]["title"] == "Läufen folgen"
    assert '"label": "Agenten"' in json.dumps(schema["jupyter.lab.menus"])
