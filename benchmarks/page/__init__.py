"""JupyterLab in Chromium, for what is measured in a page."""
