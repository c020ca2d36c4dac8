"""A real browser for tests: the Chromium that the system has, driven by Playwright, without a window.

It reaches this machine alone, whatever a page asks for. Where no browser is found, the tests that want one are skipped
and say what to install; where CI is set they fail, since nobody reads what is skipped there.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playwright.sync_api import Browser, Page

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
ELSEWHERE: Final = "elsewhere.test"  # a name of somebody else's that leads to this machine
_HOSTS: Final = f"MAP {ELSEWHERE} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
_FLAGS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules={_HOSTS}",
)


def find_browser(which: Callable[[str], str | None], environment: Mapping[str, str]) -> str:
    """Return the path of a browser; skip the test where there is none, and fail it where CI is set."""
    found = next(filter(None, map(which, NAMES)), None)
    if found is None:
        said = f"no browser was found: install Chromium (apt-get install chromium) to test in one; looked for {', '.join(NAMES)}"
        if environment.get("CI"):
            pytest.fail(said, pytrace=False)
        pytest.skip(said)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one module: Playwright has an event loop run in this thread, and others want their own."""
    path = find_browser(shutil.which, os.environ)
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - most tests do without

    # Chromium refuses to start as root with its sandbox; what it is shown here is our own.
    flags = (*_FLAGS, "--no-sandbox") if os.geteuid() == 0 else _FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of a browser that remembers nothing of the test before."""
    context = browser.new_context(viewport={"width": 1_200, "height": 800})
    yield context.new_page()
    context.close()
