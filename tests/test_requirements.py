"""docs/requirements.md is what the table and the tests' markers say, and each of them names what exists."""

from __future__ import annotations

import re

import pytest

from docs.requirements import PAGE, ROOT, Requirement, marked, page, requirements, resolve

ROWS = requirements()
IDS = [row.id for row in ROWS]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m docs.requirements --write"


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_each_requirement_has_code_and_a_test_or_a_reason(row: Requirement) -> None:
    shown = marked().get(row.id, [])
    if row.why_not:
        assert not row.code
        assert not row.here
        assert not shown, f"{row.id} is told not to be modelled, and {shown[0]} shows it"
        return
    assert row.code
    assert shown, f'no test carries @pytest.mark.requirement("{row.id}")'
    for reference in row.code:
        resolve(reference)


def test_no_marker_names_a_requirement_that_is_not_in_the_table() -> None:
    assert set(marked()) <= set(IDS)


def test_no_requirement_stands_there_twice() -> None:
    assert len(set(IDS)) == len(IDS)


def test_no_marker_is_passed_over() -> None:
    """The page reads markers of functions at the top of a module, and no others: on a class they would be lost."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    written = sum(len(re.findall(r"^ *@pytest\.mark\.requirement\(", text, re.MULTILINE)) for text in texts)
    assert written == len({test for tests in marked().values() for test in tests})


def test_every_link_of_the_page_leads_to_a_file() -> None:
    paths = set(re.findall(r"\]\(\.\./([^)]*)\)", page()))
    assert paths
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_no_cell_breaks_its_row() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in rows} == {5}
