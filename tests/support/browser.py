"""A small client for Chromium's DevTools protocol over a pair of pipes: no port, no driver, no further package."""

import base64
import fcntl
import json
import os
import selectors
import shutil
import subprocess
import sys
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Whatever a page asks for, nothing is asked of another machine.
SWITCHES = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",
)
PATIENCE = 300
# Starts a program with two of our descriptors as its 3 and 4.
PLACE = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
KEYS = {"Enter": ("Enter", 13, "\r"), "Tab": ("Tab", 9, ""), "Escape": ("Escape", 27, ""), " ": ("Space", 32, " "), "/": ("Slash", 191, "/")}


def installed():
    """Where a Chromium is, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """A running browser; one page at a time."""

    def __init__(self, program, folder):
        (folder / "home").mkdir(parents=True)
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        # Out of the way of 3 and 4, which the browser wants.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in (theirs_in, theirs_out)]
        for fd in (theirs_in, theirs_out):
            os.close(fd)
        self._process = subprocess.Popen(
            [sys.executable, "-c", PLACE, *map(str, high), program, *SWITCHES, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=high,
            env={"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "LANG": "C.UTF-8"},
        )
        for fd in high:
            os.close(fd)
        self._out, self._in = ours_out, ours_in
        self._selector = selectors.DefaultSelector()
        self._selector.register(ours_in, selectors.EVENT_READ)
        self._buffer = b""
        self._number = 0
        self.events = []
        self._session = None
        self._target = None

    def close(self):
        try:
            self.send("Browser.close", session=False)
            self._process.wait(PATIENCE)
        except (OSError, EOFError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._selector.close()
        for fd in (self._out, self._in):
            os.close(fd)

    def send(self, method, *, session=True, **params):
        """Send a command and return its answer; what else comes meanwhile is kept in ``events``."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session and self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        number = self._number
        while True:
            got = self._message()
            if got.get("id") == number:
                assert "error" not in got, (method, got)
                return got["result"]
            self.events.append(got)

    def _message(self):
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            if not self._selector.select(max(0, deadline - time.monotonic())):
                raise TimeoutError("the browser says nothing")
            piece = os.read(self._in, 1 << 20)
            if not piece:
                raise EOFError("the browser is gone")
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(text)

    def open(self, path, *, scripts=True, dark=False, width=1280, height=900):
        """Open a file in a page of its own and wait until it is there."""
        if self._target:
            self.send("Target.closeTarget", session=False, targetId=self._target)
            self._session = None
        self.events = []
        self._target = self.send("Target.createTarget", session=False, url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", session=False, targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility", "DOM"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.send("Page.navigate", url=path.as_uri())
        deadline = time.monotonic() + PATIENCE
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            assert time.monotonic() < deadline
            self.events.append(self._message())

    def run(self, expression):
        """The value of an expression, of a promise what it comes to."""
        got = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in got, got
        return got["result"].get("value")

    def press(self, key, times=1, *, shift=False):
        code, number, text = KEYS[key]
        for _ in range(times):
            common = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": 8 if shift else 0}
            self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
            self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def write(self, text):
        self.send("Input.insertText", text=text)

    def complaints(self):
        """What the page said on the console, what the browser held against it, and dialogs it opened."""
        self.run("1")
        told = []
        for event in self.events:
            params = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                told.append(params["exceptionDetails"].get("text", "") + str(params["exceptionDetails"].get("exception", {}).get("description")))
            elif event.get("method") == "Runtime.consoleAPICalled":
                told.append(f"console.{params['type']}: {[arg.get('value') for arg in params['args']]}")
            elif event.get("method") == "Log.entryAdded":
                told.append(f"{params['entry']['level']}: {params['entry']['text']}")
            elif event.get("method") == "Page.javascriptDialogOpening":
                told.append(f"dialog: {params['message']}")
        return told

    def requests(self):
        """Every address that was asked for, the page's own included."""
        self.run("1")
        return [event["params"]["request"]["url"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]

    def tree(self):
        """The accessibility tree as (role, name, properties), what is ignored left out."""
        nodes = self.send("Accessibility.getFullAXTree")["nodes"]
        out = []
        for node in nodes:
            if not node.get("ignored"):
                properties = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
                out.append((node.get("role", {}).get("value", ""), node.get("name", {}).get("value", ""), properties))
        return out

    def picture(self, path, *, whole=False):
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))
