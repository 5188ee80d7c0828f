"""A cell that waits for a run lends its thread to the code of agents."""

from __future__ import annotations

import ast
import asyncio

import pytest

from agentkit.errors import AgentKitError
from tests.jupyter_agentkit.ports.calls import Call, text
from tests.jupyter_agentkit.ports.page import Page

WAIT = "from jupyter_agentkit.ending import Ending\nending = Ending()\nbefore = 1\n"
ORIGIN = """\
from jupyter_agentkit.origin import present_origin, present_place
origin = present_origin()
place = present_place()"""
WAITS = {
    "wait": WAIT + "print(ending.wait(None)); 'last of the cell'",
    "await": WAIT + "print(await ending.reached()); 'last of the cell'",
}


@pytest.mark.parametrize("waits", WAITS)
async def test_code_runs_while_a_cell_waits_and_the_cell_goes_on(page: Page, waits: str) -> None:
    cell = await page.begin(WAITS[waits])
    call = Call(page, {"code": "print('in it', before)\nafter = before + 1\nafter"})
    assert text(await call.result()) == "in it 1\n2"
    failed = await Call(page, {"code": "1 / 0"}).result()
    assert failed.error is not None
    assert "ZeroDivisionError" in failed.error.message
    seen = await Call(page, {"names": ["after"]}).result()
    assert text(seen) == "after: int · 2"
    assert text(await Call(page, {"code": "ending.happen()"}).result()) == ""
    assert (await page.end(cell))["status"] == "ok"
    said = page.printed(cell)
    assert said == ("True\n" if waits == "wait" else "None\n")
    assert page.shown(cell) == ["'last of the cell'"]


@pytest.mark.parametrize("waits", WAITS)
async def test_a_cancel_stops_the_code_and_not_the_cell_that_waits(page: Page, waits: str) -> None:
    cell = await page.begin(WAITS[waits])
    call = Call(page, {"code": "print('begun')\nwhile True: pass"})
    await call.until_said("begun")
    await call.cancel()
    sleeping = Call(page, {"code": "print('asleep')\nimport time\ntime.sleep(1000)"})
    await sleeping.until_said("asleep")
    await sleeping.cancel()
    await Call(page, {"code": "ending.happen()"}).result()
    assert (await page.end(cell))["status"] == "ok"


async def test_the_users_interrupt_stops_the_code_and_the_waiting(page: Page) -> None:
    cell = await page.begin(WAITS["wait"])
    call = Call(page, {"code": "print('begun')\nwhile True: pass"})
    await call.until_said("begun")
    await page.manager.interrupt_kernel(page.kernel_id)
    assert (await call.result()).outcome == "interrupted"
    assert (await page.end(cell))["ename"] == "KeyboardInterrupt"


async def test_a_cell_that_computes_first_is_waited_for(page: Page) -> None:
    assert (await page.run(ORIGIN))["status"] == "ok"
    cell = await page.begin("import time\ntime.sleep(1.5)\n" + WAITS["wait"])
    call = Call(page, {"code": "ending.happen()"})
    await call.until_said("busy")
    await call.result()
    assert (await page.end(cell))["status"] == "ok"


async def test_figures_of_lent_code_are_its_own(page: Page) -> None:
    await page.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    cell = await page.begin(WAITS["wait"])
    result = await Call(page, {"code": "plt.plot([1, 2]);"}).result()
    assert result.content["image/png"].startswith("iVBOR")
    await Call(page, {"code": "ending.happen()"}).result()
    await page.end(cell)


async def test_code_that_awaits_is_refused_with_what_to_do(page: Page) -> None:
    cell = await page.begin(WAITS["wait"])
    code = "import asyncio\nawait asyncio.sleep(0)"
    result = await Call(page, {"code": code}).result()
    assert result.error is not None
    assert "cannot run while the notebook's cell waits" in result.error.message
    await Call(page, {"code": "ending.happen()"}).result()
    await page.end(cell)


async def test_a_kernel_killed_while_it_lends_ends_the_call(page: Page) -> None:
    await page.begin(WAITS["wait"])
    call = Call(page, {"code": "print('begun')\nwhile True: pass"})
    await call.until_said("begun")
    await page.manager.get_kernel(page.kernel_id).signal_kernel(9)
    with pytest.raises(AgentKitError):
        async with asyncio.timeout(2):
            await call.result()


async def test_a_kernel_says_where_it_is_and_which_cell_runs(page: Page) -> None:
    await page.run(ORIGIN)
    expected = f"Origin(kernel_id='{page.kernel_id}', cell_id='of-the-page')"
    assert await page.value("origin") == expected
    place = ast.literal_eval(await page.value("place"))
    assert place.pop("execution_id")
    assert place == {"kernel_id": page.kernel_id, "cell_id": "of-the-page"}
