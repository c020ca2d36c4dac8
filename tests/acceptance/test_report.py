"""The session report: made by the real programs of a real session, and opened in a real browser."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.monitor.account.bench import account_of, made, page_of

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.acceptance.conftest import Bench

NOT_SEEN = """() => [...document.querySelectorAll('body *')].filter(one => {
    const box = one.getBoundingClientRect();
    return box.right > document.documentElement.clientWidth + 1 && !one.closest('.table') && !one.closest('.unseen');
}).map(one => one.outerHTML.slice(0, 80))"""
CONTRAST = """() => {
    const light = rgb => rgb.map(one => one / 255).map(one => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
        .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
    const figures = text => text.match(/[\\d.]+/g).map(Number);
    const ground = one => {
        for (; one; one = one.parentElement) {
            const found = figures(getComputedStyle(one).backgroundColor);
            if (found.length < 4 || found[3] > 0) return found.slice(0, 3);
        }
        return [255, 255, 255];
    };
    return Math.min(...[...document.querySelectorAll('p, td, th, dt, dd, strong, b, h1, h2, h3, em, small, span')].map(one => {
        const [a, b] = [light(figures(getComputedStyle(one).color).slice(0, 3)), light(ground(one))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }));
}"""


@pytest.fixture
def report(tmp_path: Path) -> str:
    """Make a report in which there is something of everything, a hostile device among it, and return its address."""
    file = tmp_path / "report.html"
    file.write_text(page_of(account_of(made(tmp_path))), encoding="utf-8")
    return file.as_uri()


def test_the_report_of_a_session_tells_of_its_change_and_is_never_written_over(bench: Bench) -> None:
    pump = bench.serve("--speed", "60", "--reservoir", "2.5 mL").ports["tcp"]
    watch = bench.start_monitor("watch", pump, "--every", "0.05")
    assert watch.line() is not None
    steep = ("0.65 mL/day", "--yes", "--reason", "<titration>")  # over a soft limit of the drug library
    assert bench.run("set-rate", pump, *bench.with_keys(*steep)).returncode == 0
    watch.line_with("0.650 mL/day")
    watch.process.send_signal(signal.SIGINT)
    assert watch.wait() == 0
    exported = bench.run("export", "--links").stdout.splitlines()
    assert [line.split(",")[3] for line in exported] == ["link", "live", "none"]
    out = bench.folder / "session.html"
    done = bench.run("report", "--out", str(out))
    assert (done.returncode, done.stderr) == (0, f"written: {out}\n")
    text = out.read_text(encoding="utf-8")
    for part in (
        "Pump PM-00001",
        "pumpmock bench",
        "0.500 → 0.650",
        "&lt;titration&gt;",
        "the chain holds",
        "low 2.00",
    ):
        assert part in text, part
    again = bench.run("report", "--out", str(out))
    assert (again.returncode, "add --force" in again.stderr) == (1, True)
    assert out.read_text(encoding="utf-8") == text


def test_a_browser_shows_it_without_a_word_of_complaint_and_asks_for_nothing_else(
    page: Page, report: str
) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(report)
    assert asked == [report]
    assert said == []
    assert page.text_content("h1") == "Pump PM-00001"
    assert page.locator("svg[role=img]").count() == 2
    assert page.locator("script").count() == 0
    assert "<script>alert(1)</script>" in (page.text_content("main") or "")


def test_nothing_can_run_in_it_even_if_it_had_got_in(page: Page, report: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(report)
    run = "() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1'; document.body.append(one); }"
    page.evaluate(run)
    assert page.evaluate("() => window.ran") is None
    assert any("Content Security Policy" in one for one in said)


def test_its_figures_are_drawn_and_named(page: Page, report: str) -> None:
    page.goto(report)
    for name in ("Flow rate over the period", "Reservoir over the period"):
        box = page.get_by_role("img", name=name).bounding_box()
        assert box is not None
        assert box["width"] > 800
        assert box["height"] > 150
    stroke = page.locator("svg .read").first.evaluate("one => getComputedStyle(one).stroke")
    assert stroke.startswith("rgb(")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(browser: Browser, report: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type] # of a parameter
    tab = context.new_page()
    tab.goto(report)
    ground = tab.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
    assert ground == {"light": "rgb(253, 253, 252)", "dark": "rgb(29, 32, 36)"}[scheme]
    assert tab.evaluate(CONTRAST) >= 4.5  # WCAG 2.1, level AA
    context.close()


@pytest.mark.parametrize("width", [380, 800, 1_200])
def test_nothing_lies_beyond_the_edge_of_a_window(page: Page, report: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(report)
    assert page.evaluate(NOT_SEEN) == []


def test_it_prints_on_a_few_pages_of_a4_in_dark_ink(page: Page, report: str) -> None:
    page.goto(report)
    page.emulate_media(color_scheme="dark")
    data = page.pdf(prefer_css_page_size=True)
    assert data.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 594.95996 841.91998]" in data or b"/MediaBox [0 0 595" in data
    assert 2 <= data.count(b"/Type /Page\n") <= 6
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("() => getComputedStyle(document.documentElement).color") == "rgb(31, 36, 41)"
