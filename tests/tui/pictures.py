"""Take the pictures of docs/terminal-app.md: ``python -m tests.tui.pictures``.

It plays a short discovery on the built-in sample and an allocation on a simulated pipeline, opens
the app on them without a terminal, and keeps what it shows as SVG; one picture is of the app in a
headless browser. With names of pictures, those alone are taken.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.tui.app_server import served_app
from tests.tui.browser import page
from tests.tui.measure import settled
from tui.app import RheostatApp

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
COMMAND = str(Path(sys.executable).with_name("rheostat"))
SIZE = (140, 40)

KEYS = {
    "run": (),
    "candidate": ("enter",),
    "difference": ("enter", "2"),
    "questions": ("enter", "4"),
    "trace": ("enter", "t", *["left"] * 12),
    "side-by-side": ("enter", "t", "m", "v", "c"),
    "workbench": ("enter", "e"),
}
ALLOCATION_KEYS = {
    "allocation": ("enter",),
    "saturation": ("enter", "2"),
}


async def take(place: str, name: str, keys: tuple[str, ...]) -> None:
    """Take one picture of the app."""
    async with RheostatApp(Path(place)).run_test(size=SIZE) as pilot:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
        pilot.app.clear_notifications()
        await pilot.pause()
        pilot.app.save_screenshot(f"{name}.svg", path=str(PICTURES))


def browse(place: str) -> None:
    """Take one picture of the browser."""
    with (
        served_app(Path(place)) as app,
        tempfile.TemporaryDirectory() as folder,
        page(app.url, Path(folder), (1200, 720)) as opened,
    ):
        opened.begun()
        time.sleep(4)
        opened.picture(PICTURES / "browser.png")


def main(names: Sequence[str]) -> None:
    """Take the pictures of some names, or all of them."""
    known = {*KEYS, *ALLOCATION_KEYS, "runs", "browser"}
    if unknown := set(names) - known:
        sys.exit(f"there is no picture {min(unknown)}; there are {', '.join(sorted(known))}")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        subprocess.run([COMMAND, "sample", "-o", "sample"], check=True, capture_output=True)
        on = sorted(map(str, Path("sample/search").glob("*.recording")))
        run = [COMMAND, "discover", "--on", *on, "--run", "runs/first",
               "--max-minutes", "1.5"]  # fmt: skip
        subprocess.run(run, check=True, capture_output=True)
        run = [COMMAND, "allocate", "--budget", "1800", "--trials", "24", "--run", "runs/trials"]
        subprocess.run(run, check=True, capture_output=True)
        taken = [("runs/first", *item) for item in KEYS.items()]
        taken += [("runs/trials", *item) for item in ALLOCATION_KEYS.items()]
        taken += [("runs", "runs", ())]
        for place, name, keys in taken:
            if not names or name in names:
                asyncio.run(take(place, name, keys))
        if not names or "browser" in names:
            browse("runs/first")


if __name__ == "__main__":
    main(sys.argv[1:])
