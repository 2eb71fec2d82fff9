"""A headless Chromium, spoken to by its own protocol: opens a page, types, takes pictures."""

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PATIENCE = 60.0


class Page:
    """One page that is open."""

    def __init__(self, socket: ClientConnection):
        self._socket = socket
        self._number = 0

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """One command, and its answer."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            document = json.loads(self._socket.recv(timeout=PATIENCE))
            if document.get("id") == self._number:
                assert "error" not in document, document
                return dict(document["result"])

    def evaluate(self, script: str) -> str:
        """The text that a script gives, or promises."""
        told = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        return str(told["result"].get("value"))

    def begun(self) -> None:
        """Waits until the app has drawn something, which goes to a canvas and is not text."""
        script = "document.body.classList.contains('-first-byte')"
        deadline = time.monotonic() + PATIENCE
        while not self.call("Runtime.evaluate", expression=script)["result"].get("value"):
            assert time.monotonic() < deadline, "the app does not come up"
            time.sleep(0.2)
        focus = "document.querySelector('.xterm-helper-textarea').focus()"
        self.call("Runtime.evaluate", expression=focus)

    def type(self, key: str, code: int = 0) -> None:
        """Presses a key."""
        if len(key) == 1:
            self.call("Input.dispatchKeyEvent", type="char", text=key)
            return
        named = {"key": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="rawKeyDown", **named)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def picture(self, path: Path) -> None:
        """Keeps a picture of the page, as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


def chromium() -> str | None:
    """The browser's command, where there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def page(url: str, folder: Path, size: tuple[int, int] = (1280, 800)) -> Iterator[Page]:
    """Opens a page for the length of a block.

    Args:
        url: of the page.
        folder: for what the browser keeps.
        size: of the window, in pixels.
    """
    command = [
        str(chromium()), "--headless", "--no-sandbox", "--disable-gpu",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={folder}", f"--window-size={size[0]},{size[1]}",
        "--remote-debugging-port=0", "about:blank",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            port = _port(folder / "DevToolsActivePort")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                targets = json.load(answer)
            [target] = [target for target in targets if target["type"] == "page"]
            with connect(target["webSocketDebuggerUrl"], max_size=None) as socket:
                result = Page(socket)
                result.call("Page.enable")
                result.call("Page.navigate", url=url)
                yield result
        finally:
            process.terminate()
            process.wait(20)


def _port(file: Path) -> int:
    deadline = time.monotonic() + PATIENCE
    while not file.exists() or not file.read_text().strip():
        assert time.monotonic() < deadline, "the browser does not come up"
        time.sleep(0.1)
    return int(file.read_text().splitlines()[0])
