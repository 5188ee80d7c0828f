"""Build the gallery: every state of the view on one static page, to look at and to photograph.

``python tests/browser/gallery/build.py FOLDER`` writes it to a folder; serve that with
``python -m http.server``. The themes come from the JupyterLab that is installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from jupyter_core.paths import jupyter_path

COLOUR = re.compile(r"var\((--md-[a-z]+-\d+), *(#[0-9a-f]+)\)")

HERE = Path(__file__).parent
LABEXTENSION = HERE.parents[2] / "labextension"
THEMES = {
    "light": "theme-light-extension",
    "dark": "theme-dark-extension",
    "contrast": "theme-dark-high-contrast-extension",
}


def build(target: Path) -> None:
    """Write the page, its script and the themes into ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "index.html", target)
    styles = {name: theme_css(package).read_text() for name, package in THEMES.items()}
    # JupyterLab defines these for every theme; a theme names them with their values, or relies on them.
    named = dict(COLOUR.findall(" ".join(styles.values())))
    colours = ";".join(f"{name}:{value}" for name, value in sorted(named.items()))
    for name, style in styles.items():
        (target / f"{name}.css").write_text(f":root{{{colours}}}\n{style}")
    esbuild = LABEXTENSION / "node_modules" / ".bin" / "esbuild"
    subprocess.run(
        [
            str(esbuild),
            str(LABEXTENSION / "tests" / "gallery" / "gallery.ts"),
            "--bundle",
            "--format=esm",
            "--target=es2022",
            "--log-level=warning",
            f"--outfile={target / 'gallery.js'}",
        ],
        check=True,
    )


def theme_css(package: str) -> Path:
    """The style sheet of one of JupyterLab's own themes."""
    for folder in jupyter_path("lab", "themes", "@jupyterlab", package, "index.css"):
        if Path(folder).exists():
            return Path(folder)
    raise FileNotFoundError(f"JupyterLab's {package} is not installed")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
