"""`run_python` and `inspect_variables` in real kernels of a real Jupyter server."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from agentkit.errors import AgentKitError
from agentkit.tools.builtin.ports import Ears
from jupyter_agentkit.ports.kernels import ServerKernels
from tests.jupyter_agentkit.ports.calls import Call, run, text
from tests.jupyter_agentkit.ports.page import Page


def held_by(file: Path) -> str:
    """A cell of the user that runs until there is such a file."""
    return (
        "import pathlib, time\n"
        f"while not pathlib.Path({str(file)!r}).exists(): time.sleep(0.01)\n"
        "done = 1"
    )


async def test_code_works_with_the_variables_of_the_notebook(page: Page) -> None:
    await page.run("a = 20")
    assert text(await run(page, "b = a + 1; print('b is', b); b * 2")) == "b is 21\n42"
    assert await page.value("b") == "21"


async def test_the_numbers_of_the_cells_stay_the_users(page: Page) -> None:
    first = await page.run("1")
    await run(page, "'of the agent'")
    second = await page.run("2")
    assert second["execution_count"] == first["execution_count"] + 1
    assert await page.value("In[1:]") == "['1', '2']"


async def test_what_is_printed_is_said_while_the_code_runs(page: Page) -> None:
    call = Call(page, {"code": "print('half way')\nimport time\nwhile True: time.sleep(0.01)"})
    await call.until_said("half way")
    await call.cancel()


async def test_a_cancel_interrupts_a_loop_without_end(page: Page) -> None:
    call = Call(page, {"code": "print('begun')\nwhile True: pass"})
    await call.until_said("begun")
    await call.cancel()
    assert await page.value("1 + 1") == "2"


async def test_a_busy_kernel_is_waited_for_and_it_is_said(page: Page, tmp_path: Path) -> None:
    cell = await page.begin(held_by(tmp_path / "go"))
    call = Call(page, {"code": "done + 0"})
    await call.until_said("The kernel is busy with a cell; waiting up to 60 s")
    (tmp_path / "go").touch()
    await page.end(cell)
    assert text(await call.result()) == "1"


async def test_a_cancel_while_waiting_leaves_the_users_cell_alone_and_runs_nothing_later(
    page: Page, tmp_path: Path
) -> None:
    cell = await page.begin(held_by(tmp_path / "go"))
    call = Call(page, {"code": "late = True"})
    await call.until_said("busy")
    await call.cancel()
    (tmp_path / "go").touch()
    assert (await page.end(cell))["status"] == "ok"
    assert await page.value("done, 'late' in globals()") == "(1, False)"


async def test_a_kernel_that_stays_busy_fails_the_call_and_runs_nothing_later(
    page: Page, tmp_path: Path
) -> None:
    cell = await page.begin(held_by(tmp_path / "go"))
    with pytest.raises(AgentKitError, match=r"busy with a cell for 0\.1 s.*not run") as caught:
        await Call(page, {"code": "late = True"}, busy_seconds=0.1).result()
    assert caught.value.reason == "kernel_busy"
    (tmp_path / "go").touch()
    assert (await page.end(cell))["status"] == "ok"
    assert await page.value("'late' in globals()") == "False"


async def test_a_killed_kernel_ends_the_call_within_two_seconds(page: Page) -> None:
    call = Call(page, {"code": "import os\nprint(os.getpid(), flush=True)\nwhile True: pass"})
    await call.until_said("")
    await page.manager.get_kernel(page.kernel_id).signal_kernel(9)
    with pytest.raises(AgentKitError) as caught:
        async with asyncio.timeout(2):
            await call.result()
    assert caught.value.reason == "kernel_died"


async def test_a_restart_ends_the_call(page: Page) -> None:
    call = Call(page, {"code": "print('begun')\nwhile True: pass"})
    await call.until_said("begun")
    restart = asyncio.create_task(page.manager.restart_kernel(page.kernel_id, now=True))
    with pytest.raises(AgentKitError) as caught:
        await call.result()
    assert caught.value.reason in ("kernel_restarted", "kernel_died")
    await restart


async def test_an_exception_is_told_with_its_line_and_read_without_colours(page: Page) -> None:
    result = await run(page, "print('so far')\nx = 1\n1 / 0")
    assert result.outcome == "failed"
    assert result.error is not None
    assert result.error.message == "ZeroDivisionError: division by zero (line 3)"
    assert result.note == "It had printed:\nso far"
    assert "so far" in result.content["text/plain"]
    assert "----> 3" in result.content["text/plain"]
    assert "\x1b" not in result.content["text/plain"]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("raise ExceptionGroup('two', [ValueError(1), KeyError(2)])", "ExceptionGroup: two"),
        ("%no_such_magic", "UsageError"),
    ],
)
async def test_a_failure_that_is_only_printed_is_a_failure(
    page: Page, code: str, name: str
) -> None:
    result = await run(page, code)
    assert result.outcome == "failed"
    assert result.error is not None
    assert name in result.error.message


async def test_figures_are_pictures_all_shown_and_the_last_for_the_model(page: Page) -> None:
    code = (
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nprint('two')\n"
        "plt.plot([1]); plt.show(); plt.plot([2]); plt.show()"
    )
    result = await run(page, code)
    assert text(result).startswith("two\n<Figure")
    assert result.content["image/png"].startswith("iVBOR")
    assert result.content["text/html"].count('<img src="data:image/png;base64,iVBOR') == 2


async def test_variables_are_described_without_running_their_code(page: Page) -> None:
    await page.run(
        "import pandas as pd, numpy as np\n"
        "df = pd.DataFrame({'region': ['N', 'S'], 'sales': [1.5, 2.5]})\n"
        "big = np.zeros((1000, 1000)); words = ['a'] * 1000000; n = 7\n"
        "class Evil:\n    def __repr__(self): raise SystemExit\n    __len__ = __repr__\n"
        "evil = Evil()"
    )
    result = await Call(page, {"names": None}).result()
    lines = text(result).splitlines()
    assert "n: int · 7" in lines
    assert any("df: pandas" in line and "2 rows" in line for line in lines)
    assert any("sales (float64)" in line for line in lines)
    assert any("big: numpy.ndarray · 1000 × 1000 · float64" in line for line in lines)
    assert any("words: list · 1,000,000 items" in line for line in lines)
    assert any(line.startswith("evil: ") for line in lines)
    json.dumps(result.content)
    assert await page.value("[n for n in globals() if 'described' in n]") == "[]"


async def test_much_output_is_bounded_and_the_kernel_goes_on(page: Page) -> None:
    result = await run(page, "for n in range(200_000): print(n, 'x' * 20)\n'end'")
    assert text(result).startswith("0 xxx")
    assert text(result).endswith("'end'")
    assert len(text(result)) < 700_000
    assert await page.value("n") == "199999"


async def test_bytes_that_are_no_utf8_and_colours_do_no_harm(page: Page) -> None:
    code = "import os, sys\nsys.stdout.write('\\udcff \\x1b[31mred\\x1b[0m')\nos.write(1, b'\\xff raw')"
    said = text(await run(page, code))
    assert "red" in said
    assert "\x1b" not in said
    said.encode()


async def test_a_system_exit_in_the_code_leaves_the_kernel_alive(page: Page) -> None:
    result = await run(page, "raise SystemExit(3)")
    assert result.outcome == "failed"
    assert await page.value("1") == "1"


async def test_input_is_refused_and_not_waited_for(page: Page) -> None:
    result = await run(page, "input('name?')")
    assert result.error is not None
    assert "StdinNotImplementedError" in result.error.message


async def test_a_failure_leaves_the_users_queued_cells_alone(page: Page, tmp_path: Path) -> None:
    call = Call(page, {"code": f"print('begun')\n{held_by(tmp_path / 'go')}\n1 / 0"})
    await call.until_said("begun")
    cell = page.send("queued = 1")
    (tmp_path / "go").touch()
    assert (await call.result()).outcome == "failed"
    assert (await page.end(cell))["status"] == "ok"


async def test_calls_take_turns_and_say_so(page: Page, tmp_path: Path) -> None:
    kernels = ServerKernels(page.manager)
    first = Call(page, {"code": f"print('begun')\n{held_by(tmp_path / 'go')}"}, kernels=kernels)
    await first.until_said("begun")
    second = Call(page, {"code": "done + 1"}, kernels=kernels)
    await second.until_said("Another call of an agent runs in the kernel")
    third = Call(page, {"code": "late = True"}, kernels=kernels)
    await third.until_said("Another call")
    await third.cancel()
    (tmp_path / "go").touch()
    await first.result()
    assert text(await second.result()) == "2"
    assert await page.value("'late' in globals()") == "False"


async def test_a_kernel_that_was_shut_down_is_said_to_be_gone(page: Page) -> None:
    await page.manager.shutdown_kernel(page.kernel_id, now=True)
    with pytest.raises(AgentKitError) as caught:
        await run(page, "1")
    assert caught.value.reason == "kernel_not_found"


async def test_a_kernel_shut_down_in_mid_call_ends_the_call(page: Page) -> None:
    call = Call(page, {"code": "print('begun')\nwhile True: pass"})
    await call.until_said("begun")
    down = asyncio.create_task(page.manager.shutdown_kernel(page.kernel_id, now=True))
    with pytest.raises(AgentKitError) as caught:
        async with asyncio.timeout(3):
            await call.result()
    assert caught.value.reason == "kernel_died"
    await down


async def test_a_kernel_of_another_language_is_refused_by_its_name(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "other.py").write_text(
        "from ipykernel.kernelbase import Kernel\nfrom ipykernel.kernelapp import IPKernelApp\n"
        "class Other(Kernel):\n"
        "    implementation = banner = 'other'\n    implementation_version = '1'\n"
        "    language_info = {'name': 'R', 'mimetype': 'text/x-r', 'file_extension': '.r'}\n"
        "IPKernelApp.launch_instance(kernel_class=Other)\n"
    )
    folder = tmp_path / "kernels" / "other"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "other", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Other", "language": "R"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    specs = page.manager.kernel_spec_manager
    monkeypatch.setattr(specs, "kernel_dirs", [*specs.kernel_dirs, str(tmp_path / "kernels")])
    kernel_id = await page.manager.start_kernel(kernel_name="other")
    try:
        with pytest.raises(AgentKitError, match="runs R; this tool needs Python") as caught:
            await ServerKernels(page.manager).execute(kernel_id, "1", Ears())
        assert caught.value.reason == "not_python"
    finally:
        await page.manager.shutdown_kernel(kernel_id, now=True)
