"""docs/monitor.md and its pictures are what the real programs say and draw."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from docs.walks.pages import DOCS, PAGE, PICTURES, differing, files, write
from docs.walks.stage import Told

if TYPE_CHECKING:
    from pathlib import Path

ROOT = DOCS.parent
DRAWN = sorted((DOCS / PICTURES).glob("*.svg"))
MOST_BYTES = 100_000
NAMESPACE = "http://www.w3.org/2000/svg"  # a name, which nobody fetches


def told(text: str, **pictures: str) -> Told:
    made = Told()
    made.say(text)
    made.pictures.update({f"{name}.svg": svg for name, svg in pictures.items()})
    return made


@pytest.mark.timeout(300)  # two nights and a fleet, on a machine that does something else as well
def test_the_walks_go_as_the_page_says_and_the_pictures_are_what_the_screens_draw() -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "docs.walks"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stdout + ended.stderr


@pytest.mark.parametrize("picture", DRAWN, ids=lambda path: path.stem)
def test_a_picture_is_small_fetches_nothing_and_has_its_place_on_a_page(picture: Path) -> None:
    svg = picture.read_text(encoding="utf-8")
    ET.fromstring(svg)  # noqa: S314 - our own
    assert len(svg.encode()) < MOST_BYTES
    assert re.findall(r"\w+://[^\"' )]*", svg) == [NAMESPACE]
    assert re.search("@import|@font-face|url\\(|<script|<image|href", svg) is None
    pages = [(DOCS / PAGE).read_text(encoding="utf-8"), (ROOT / "README.md").read_text(encoding="utf-8")]
    assert any(f"{PICTURES}/{picture.name}" in page for page in pages)


def test_every_picture_that_the_first_page_shows_is_there() -> None:
    shown = re.findall(r"!\[[^]]+\]\(docs/([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown
    assert all((DOCS / path).is_file() for path in shown)


def test_what_is_missing_altered_or_made_no_more_is_named_and_written_anew(tmp_path: Path) -> None:
    page = "# A page\n\n<!-- made: one -->\n<!-- end -->\n\nThe end.\n"
    made = files({"one": told("Once.", new="<svg/>", same="<svg/>")}, page)
    assert made[PAGE] == "# A page\n\n<!-- made: one -->\n\nOnce.\n\n<!-- end -->\n\nThe end.\n"
    (tmp_path / PICTURES).mkdir()
    for name, text in ((PAGE, page), (f"{PICTURES}/same.svg", "<svg/>"), (f"{PICTURES}/old.svg", "<svg/>")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert differing(made, tmp_path) == [PAGE, f"{PICTURES}/new.svg", f"{PICTURES}/old.svg"]
    write(made, tmp_path)
    assert differing(made, tmp_path) == []
    assert files({"one": told("Once.", new="<svg/>", same="<svg/>")}, made[PAGE]) == made


def test_a_part_without_a_place_and_a_place_without_a_part_are_refused() -> None:
    page = "<!-- made: one -->\n<!-- end -->\n"
    with pytest.raises(ValueError, match="has places for one: there are one, two"):
        files({"one": told(""), "two": told("")}, page)
    with pytest.raises(ValueError, match="has places for one: there are "):
        files({}, page)
