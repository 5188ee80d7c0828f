"""Build the gallery: every state of the view on one static page, to look at and to photograph.

``python tests/browser/gallery/build.py FOLDER`` writes it to a folder; serve that with
``python -m http.server``. The themes come from the JupyterLab that is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from jupyter_core.paths import jupyter_path

HERE = Path(__file__).parent
LABEXTENSION = HERE.parents[2] / "labextension"
THEMES = {"light": "theme-light-extension", "dark": "theme-dark-extension"}


def build(target: Path) -> None:
    """Write the page, its script and the two themes into ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "index.html", target)
    for name, package in THEMES.items():
        shutil.copy(theme_css(package), target / f"{name}.css")
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
