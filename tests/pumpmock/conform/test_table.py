"""The checks are of the page: each names a section that is there, and each section has a check, or a reason why not."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from docs.tables import PAGE
from protocol.frame import FROM_DEVICE
from protocol.messages import MESSAGES, Confirm, Hello
from pumpmock.conform.check import WANTING, Need
from pumpmock.conform.checks_requests import EXAMPLES, UNKNOWN
from pumpmock.conform.table import CHECKS, UNTRIED, chosen, sections

if TYPE_CHECKING:
    from collections.abc import Iterator


def headings() -> Iterator[str]:
    """Return the headings of the page; of a message its name alone."""
    text = re.sub(r"```.*?```", "", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        yield re.sub(r", 0x\w\w, .*", "", title)


def test_each_check_is_of_a_section_of_the_page() -> None:
    assert set(sections(CHECKS)) <= set(headings())


def test_each_section_has_a_check_or_a_reason_why_it_has_none() -> None:
    tried = set(sections(CHECKS))
    assert set(headings()) - tried == set(UNTRIED)
    assert all(UNTRIED.values())


def test_no_two_checks_are_called_the_same() -> None:
    assert [name for name, count in Counter(check.name for check in CHECKS).items() if count > 1] == []


def test_each_request_of_a_session_has_an_example_to_misshape() -> None:
    asked = {
        kind for code, kind in MESSAGES.items() if not code & FROM_DEVICE and kind not in {Hello, Confirm}
    }
    assert {type(example) for example in EXAMPLES} == asked


def test_the_types_that_nobody_knows_are_none_of_this_version() -> None:
    assert set(UNKNOWN) & set(MESSAGES) == set()


def test_each_need_says_what_is_wanting() -> None:
    assert set(WANTING) == set(Need)


def test_a_section_is_chosen_by_its_heading_or_a_part_of_it() -> None:
    assert {check.section for check in chosen("the frame")} == {"The frame"}
    assert {check.section for check in chosen("slot")} == {"A change, at the pump: its one slot"}
    assert {check.section for check in chosen("Prepare")} == {"Prepare"}


@pytest.mark.parametrize("wrong", ["", "The freme"])
def test_a_section_that_has_no_check_is_refused_with_those_that_have(wrong: str) -> None:
    with pytest.raises(ValueError, match="there are The handshake, The frame"):
        chosen(wrong)
