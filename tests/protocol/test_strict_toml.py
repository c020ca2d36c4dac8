"""Where a strict reader says that a slip is, and what it says was meant."""

from __future__ import annotations

import pytest

from protocol.strict_toml import line_of, meant, shown

TEXT = """format = 1
key = 2
[one]
key = 3
[one.two]
"key" = 4
other.key = 5
[[rows]]
key = 6
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), ""),
        (("key",), ", line 2"),
        (("one", "key"), ", line 4"),
        (("one", "two", "key"), ", line 6"),
        (("one", "two", "other"), ", line 7"),
        (("rows", "key"), ", line 9"),
        (("one",), ", line 3"),
        (("one", "two"), ", line 5"),
        (("one", "missing"), ", line 3"),
        (("one", "two", "missing"), ", line 5"),
        (("missing",), ""),
        (("nowhere", "missing"), ""),
    ],
)
def test_a_key_is_found_in_its_own_table_and_else_the_header_above_it(
    path: tuple[str, ...], line: str
) -> None:
    assert line_of(TEXT, *path) == line


def test_the_nearest_word_is_proposed_and_all_where_none_is_near() -> None:
    assert meant("capacty", ("capacity", "residual")) == 'did you mean "capacity"?'
    assert meant("xyz", ("capacity", "residual")) == "known are capacity, residual"


def test_a_word_of_a_file_is_shown_short_and_printable() -> None:
    assert shown("a\x1b[31m") == '"a?[31m"'
    assert shown("x" * 41) == f'"{"x" * 40}"'
