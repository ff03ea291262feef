# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of the WebDriver protocol (https://www.w3.org/TR/webdriver2/) as the tests need, on the standard library."""

from __future__ import annotations

import base64
import json
import pathlib
import re
import shutil
import subprocess
import typing as t
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


class DriverError(Exception):
    """The browser refused a command; the message is its own."""


class Driver:
    """A running chromedriver; its sessions are browsers."""

    def __init__(self) -> None:
        program = shutil.which("chromedriver")
        if program is None or shutil.which("chromium") is None:
            raise DriverError("chromium and chromedriver are needed (Debian: apt install chromium chromium-driver)")
        self._process = subprocess.Popen([program, "--port=0"], stdout=subprocess.PIPE, text=True)
        self._address = f"http://127.0.0.1:{self._port()}"

    def _port(self) -> str:
        for line in t.cast(t.IO[str], self._process.stdout):
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return found[1]
        raise DriverError("chromedriver ended before it listened")

    def stop(self) -> None:
        """End the driver."""
        self._process.terminate()
        self._process.wait(10)

    def send(self, method: str, path: str, body: t.Any = None) -> t.Any:
        """One command; returns its value. Raises DriverError."""
        data = None if method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(
            self._address + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise DriverError(json.load(error)["value"]["message"]) from error


class Browser:
    """One browser with an empty profile. profile: its folder. scripts: whether pages may run JavaScript."""

    def __init__(self, driver: Driver, profile: pathlib.Path, *, scripts: bool = True) -> None:
        options: dict[str, t.Any] = {
            "binary": shutil.which("chromium"),
            "args": [*_SWITCHES, f"--user-data-dir={profile}"],
        }
        if not scripts:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        wanted = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
            "unhandledPromptBehavior": "ignore",
        }
        self._driver = driver
        session = driver.send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._path = f"/session/{session['sessionId']}"

    def _send(self, method: str, path: str, body: t.Any = None) -> t.Any:
        return self._driver.send(method, self._path + path, body)

    def close(self) -> None:
        """End the browser."""
        self._send("DELETE", "")

    def open(self, page: pathlib.Path) -> None:
        """Go to a file."""
        self._send("POST", "/url", {"url": page.as_uri()})

    def run(self, script: str, *arguments: t.Any) -> t.Any:
        """Run JavaScript in the page and return its value."""
        return self._send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, expression: str) -> bool:
        """Whether a JavaScript expression becomes true within five seconds."""
        poll = f"""
            return new Promise((done) => {{
              const end = Date.now() + 5000;
              const look = () => (({expression}) ? done(true) : Date.now() > end ? done(false) : setTimeout(look, 20));
              look();
            }});
        """
        return bool(self.run(poll))

    def find(self, selector: str) -> str:
        """The first element of a CSS selector."""
        return str(self._send("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT])

    def click(self, selector: str) -> None:
        """Click as a user does."""
        self._send("POST", f"/element/{self.find(selector)}/click")

    def type(self, selector: str, text: str) -> None:
        """Type as a user does."""
        self._send("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def text(self, selector: str) -> str:
        """The text of an element as it is shown."""
        return str(self._send("GET", f"/element/{self.find(selector)}/text"))

    def has_dialog(self) -> bool:
        """Whether an alert, confirm or prompt is open."""
        try:
            self._send("GET", "/alert/text")
        except DriverError:
            return False
        return True

    def log(self) -> list[str]:
        """What the page has written to the browser's console since the last call, such as refused scripts."""
        return [entry["message"] for entry in self._send("POST", "/se/log", {"type": "browser"})]

    def devtools(self, command: str, **parameters: t.Any) -> t.Any:
        """A command of the Chrome DevTools Protocol."""
        return self._send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width: int, height: int) -> None:
        """Show the page as on a screen of this size, in CSS pixels."""
        parameters = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.devtools("Emulation.setDeviceMetricsOverride", **parameters)

    def media(self, kind: str = "", scheme: str = "light") -> None:
        """Show the page as on this kind of media (print, screen) and for people who prefer this scheme (light, dark)."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.devtools("Emulation.setEmulatedMedia", media=kind, features=features)

    def picture(self, target: pathlib.Path) -> None:
        """Save a picture of what is on the screen (PNG)."""
        picture = self.devtools("Page.captureScreenshot", format="png")
        target.write_bytes(base64.b64decode(picture["data"]))
