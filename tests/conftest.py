"""What every test may use: Jupyter servers to test in, and plain ``async def`` tests."""

pytest_plugins = ["pytest_jupyter.jupyter_server"]
