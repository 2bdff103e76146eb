"""A headless Chromium, driven over the pipes of its DevTools protocol."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from base64 import b64decode
from pathlib import Path
from queue import Empty, Queue
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE_S = 60.0


def find_chromium() -> str | None:
    """The program, `$CHROMIUM` first; None when there is none."""
    return next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM") or "", *NAMES))), None)


class Browser:
    """One browser process. Commands go to its file descriptor 3 and answers come from 4, as JSON ended by NUL."""

    def __init__(self, program: str, profile: Path) -> None:
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        # The shell puts the two ends where Chromium looks for them, whatever numbers they have here.
        wiring = f'exec 3<&{to_read} 4>&{to_write}; exec "$@"'
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", wiring, "sh", program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._number = 0
        self._incoming: Queue[dict[str, Any] | None] = Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.events: list[dict[str, Any]] = []

    def open(self, *, width: int = 1280, height: int = 900, scale: float = 1, dark: bool = False) -> Page:
        """A new empty page of this size."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.send(f"{domain}.enable")
        page.resize(width, height, scale)
        page.prefer(dark=dark)
        return page

    def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The result of a command; what happened meanwhile is kept in `events`."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method: str, session: str) -> dict[str, Any]:
        """The first event of this name that was not yet waited for."""
        while True:
            for index, event in enumerate(self.events):
                if event.get("method") == method and event.get("sessionId") == session:
                    return self.events.pop(index)
            self.events.append(self._next())

    def close(self) -> None:
        """End the browser, gently if it listens."""
        try:
            self.send("Browser.close")
            self.process.wait(10)
        except (RuntimeError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self._write)
        os.close(self._read)

    def _next(self) -> dict[str, Any]:
        try:
            message = self._incoming.get(timeout=PATIENCE_S)
        except Empty:
            raise RuntimeError(f"Chromium said nothing for {PATIENCE_S:.0f} s") from None
        if message is None:
            raise RuntimeError("Chromium has ended")
        return message

    def _listen(self) -> None:
        buffer = b""
        while True:
            try:
                piece = os.read(self._read, 1 << 13)
            except OSError:
                piece = b""
            if not piece:
                self._incoming.put(None)
                return
            *whole, buffer = (buffer + piece).split(b"\0")
            for text in whole:
                self._incoming.put(json.loads(text))


class Page:
    """One tab."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self.browser, self.session, self.target = browser, session, target

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.send(method, self.session, **parameters)

    def resize(self, width: int, height: int, scale: float = 1) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )

    def prefer(self, *, dark: bool) -> None:
        """What the system of the reader prefers."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.settle()  # the page is told at its next frame

    def go(self, path: Path) -> None:
        """Open a file, and wait until it has loaded and was painted once."""
        self.send("Page.navigate", url=path.as_uri())
        self.browser.wait_for("Page.loadEventFired", self.session)
        self.settle()

    def settle(self) -> None:
        """Wait until what was asked for is on the screen."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """A real click of the mouse on the middle of the first such element."""
        place = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center', behavior: 'instant'}); const r = e.getBoundingClientRect();"
            " return [r.left + r.width / 2, r.top + r.height / 2]; })()"
        )
        self.settle()
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
        self.settle()

    def press(self, key: str) -> None:
        """A key of the keyboard, as its `KeyboardEvent.key` and `.code` are both called."""
        codes = {"Enter": (13, "\r"), "Tab": (9, ""), " ": (32, " ")}
        code, text = codes[key]
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, text=text)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)
        self.settle()

    def complaints(self) -> list[str]:
        """Errors of the console, exceptions and violations of the content security policy so far."""
        found: list[str] = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            match event["method"], event["params"]:
                case "Runtime.exceptionThrown", said:
                    found.append(str(said["exceptionDetails"]))
                case "Runtime.consoleAPICalled", said if said["type"] in ("error", "warning", "assert"):
                    found.append(str(said["args"]))
                case "Log.entryAdded", said if said["entry"]["level"] in ("error", "warning"):
                    found.append(said["entry"]["text"])
                case _:
                    pass
        return found

    def requests(self) -> list[str]:
        """The addresses that the page asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self.browser.events
            if event.get("sessionId") == self.session and event["method"] == "Network.requestWillBeSent"
        ]

    def picture(self, *, top: float = 0, height: float | None = None) -> bytes:
        """A PNG of the page from `top` on; of all of it when no height is given."""
        width, whole = self.run("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": top, "width": width, "height": height or whole - top, "scale": 1}
        return b64decode(
            self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        )

    def pdf(self) -> bytes:
        return b64decode(self.send("Page.printToPDF", printBackground=True)["data"])

    def close(self) -> None:
        self.browser.send("Target.closeTarget", targetId=self.target)
