"""The browser that other tests use: that it is a real one, that it stays on this machine, and what is said without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.acceptance.browser import find_browser

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


def test_a_page_runs_its_script(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<p>no script</p><script>document.querySelector('p').textContent = 6 * 7</script>")
    page.goto(file.as_uri())
    assert page.text_content("p") == "42"


def test_a_page_reaches_no_other_machine(page: Page) -> None:
    from playwright.sync_api import Error  # noqa: PLC0415 - where there is no browser, this is skipped

    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://example.com/")


def test_without_a_browser_a_test_is_skipped_and_says_what_to_install() -> None:
    with pytest.raises(pytest.skip.Exception, match="install Chromium"):
        find_browser(lambda _name: None, {})


def test_without_a_browser_a_test_fails_where_ci_is_set() -> None:
    with pytest.raises(pytest.fail.Exception, match="install Chromium"):
        find_browser(lambda _name: None, {"CI": "true"})


def test_any_of_its_names_will_do() -> None:
    found = find_browser(lambda name: "/usr/bin/google-chrome" if name == "google-chrome" else None, {})
    assert found == "/usr/bin/google-chrome"
