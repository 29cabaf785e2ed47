"""Take the pictures of the docs again: reports, overview, kedro-viz, and two runs in MLflow.

Runs HearMe twice on sample data with different parameters, and the others once (or takes the runs
of a store that is given), starts kedro-viz and MLflow, and looks at them with a headless Chromium.

    python docs/screenshots.py [--store mlflow.db]
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

PROJECT = Path(__file__).resolve().parents[1]
IMAGES = PROJECT / "docs" / "images"
BIN = Path(sys.executable).parent
LARGEST_BYTES = 300_000
PATIENCE_SECONDS = 300
# Is run twice, to be compared; the first run differs in what its rankers learn from.
TWICE = "hearme"
FIRST = "data=sample,hearme.features.past_windows=4"
SETTLING_SECONDS = 3
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--store", type=Path, help="an MLflow database with two runs or more; makes no runs"
    )
    store = parser.parse_args().store
    challenges = _challenges()
    _programs()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        store = store.resolve() if store else _make_runs(challenges, scratch / "mlflow.db")
        with _browser(scratch) as browser:
            for page, name in _pages(challenges).items():
                _page(browser, page, name)
            with _server("kedro", "viz", "run", "--no-browser", "--port") as address:
                _viz(browser, address)
            uri = f"sqlite:///{store.as_posix()}"
            with _server("mlflow", "ui", "--backend-store-uri", uri, "--port") as address:
                _mlflow(browser, address)
    for picture in sorted(IMAGES.glob("*.png")):
        print(f"{picture.relative_to(PROJECT)}: {picture.stat().st_size:,} bytes")


def _make_runs(challenges: tuple[str, ...], store: Path) -> Path:
    """The runs on sample data, tracked in a store of their own."""
    environment = _environment() | {"MLFLOW_TRACKING_URI": f"sqlite:///{store.as_posix()}"}
    runs = [(pipeline, "data=sample") for pipeline in (*challenges, "overview")]
    for pipeline, parameters in ((TWICE, FIRST), *runs):
        command = [BIN / "kedro", "run", f"--pipeline={pipeline}", "--params", parameters]
        subprocess.run(command, cwd=PROJECT, env=environment, check=True)
    return store


def _challenges() -> tuple[str, ...]:
    """Names of all challenges; the project need not be on the path."""
    sys.path.insert(0, str(PROJECT / "src"))
    from podium.challenges import challenges

    return challenges()


def _pages(challenges: tuple[str, ...]) -> dict[str, str]:
    """Pages in data/sample/08_reporting, and what their pictures are called."""
    names = {name: "report" if name == TWICE else f"report_{name}" for name in challenges}
    reports = {f"{challenge}/report.html": name for challenge, name in names.items()}
    return {"overview.html": "overview", **reports}


def _page(browser: Any, page: str, name: str) -> None:
    browser.set_window_size(1120, 1500)
    browser.get((PROJECT / "data" / "sample" / "08_reporting" / page).as_uri())
    _save(browser, name)


def _viz(browser: Any, address: str) -> None:
    """The stages of HearMe as groups, then a plot in the side panel."""
    browser.set_window_size(1280, 1600)
    browser.get(f"{address}/?pid=hearme")
    _found(browser, "css selector", '[data-id="hearme"]')
    browser.execute_script(
        """const state = JSON.parse(localStorage.KedroViz);
        Object.assign(state, {theme: "light", showFeatureHints: false});
        Object.assign(state.visible, {miniMap: false, sidebar: false});
        localStorage.KedroViz = JSON.stringify(state);"""
    )
    browser.refresh()
    _click(browser, "xpath", "//button[normalize-space(.)='Dismiss']")
    _click(browser, "css selector", '[data-id="hearme"]')
    _found(browser, "css selector", '[data-id="hearme.modeling"]')
    _save(browser, "viz")
    browser.set_window_size(1500, 1100)
    _click(browser, "css selector", '[data-node-fullname="hearme.leaderboard_plot"]')
    _found(browser, "css selector", ".pipeline-plotly-chart")
    _save(browser, "viz_plot")


def _mlflow(browser: Any, address: str) -> None:
    """The two newest runs of the experiment, compared as a user would."""
    browser.set_window_size(1300, 1000)
    browser.get(f"{address}/#/experiments")
    _click(browser, "xpath", "//*[normalize-space(text())='Model training']")
    _click(browser, "link text", "hearme")
    _click(browser, "css selector", "button[aria-label='Close']")  # the assistant's panel
    box = "input[aria-label^='Press Space to toggle row selection (unchecked)']"
    for _ in range(2):
        _click(browser, "css selector", box)
        time.sleep(SETTLING_SECONDS)
    _click(browser, "xpath", "//button[normalize-space(.)='Compare']")
    _found(browser, "xpath", "//*[normalize-space(text())='Parallel Coordinates Plot']")
    _save(browser, "mlflow_compare")


def _found(browser: Any, by: str, what: str) -> Any:
    """The element, once it is there; then time for drawings to end."""
    from selenium.webdriver.support.ui import WebDriverWait

    element = WebDriverWait(browser, PATIENCE_SECONDS).until(
        lambda page: next(iter(page.find_elements(by, what)), None), f"{what} did not appear"
    )
    time.sleep(SETTLING_SECONDS)
    return element


def _click(browser: Any, by: str, what: str) -> None:
    """Click by an event, because parts of a drawing have no click of their own."""
    event = "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    browser.execute_script(event, _found(browser, by, what))


def _save(browser: Any, name: str) -> None:
    """Save what the window shows with few enough colours for a small file."""
    from io import BytesIO

    from PIL import Image

    picture = Image.open(BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    IMAGES.mkdir(exist_ok=True)
    path = IMAGES / f"{name}.png"
    for colours in (256, 128, 64, 32):
        picture.quantize(colours).save(path, optimize=True)
        if path.stat().st_size < LARGEST_BYTES:
            return


def _programs() -> tuple[str, str]:
    """The browser and what drives it; asked for before the minutes that the runs take."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        raise SystemExit("needs Chromium and chromedriver on the path")
    return program, driver


@contextmanager
def _browser(scratch: Path) -> Iterator[Any]:
    from selenium import webdriver

    program, driver = _programs()
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for option in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        f"--user-data-dir={scratch / 'profile'}",
    ):
        options.add_argument(option)
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()


@contextmanager
def _server(*command: str) -> Iterator[str]:
    """Run a server on a free port until the pictures are taken."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [BIN / command[0], *command[1:], port],
        cwd=PROJECT,
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(address)
        yield address
    finally:
        # The programs start servers of their own.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _free_port() -> str:
    """A port that nobody has; kedro-viz takes none above 49151, where the system's own lie."""
    for port in range(20_000, 30_000):
        with socket.socket() as free:
            if free.connect_ex(("127.0.0.1", port)):
                return str(port)
    raise SystemExit("no port is free")


def _wait_for(address: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            urlopen(address, timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(1)
    raise SystemExit(f"{address} did not answer")


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT / "src"), "KEDRO_DISABLE_TELEMETRY": "1"}


if __name__ == "__main__":
    main()
