"""The hunt for mutants, against a package of a few lines whose every mutant is known to be noticed or not."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.campaigns import mutation
from tests.campaigns.killing import Order
from tests.campaigns.mutants import mutants
from tests.campaigns.mutation import GONE, UNLISTED, hunt, listed

if TYPE_CHECKING:
    from pathlib import Path

SUMS = '''
"""A docstring, which is never run."""

from __future__ import annotations


def _double(figure: int) -> int:
    return figure * 2


TABLE = {"six": _double(3)}


def down(figure: int) -> int:
    while figure > 0:
        figure -= 1
    return figure


def looked_away(figure: int) -> bool:
    return figure < 1_000


def forgotten() -> str:
    return "never run"
'''
TESTS = """
from small.sums import TABLE, down, looked_away


def test_the_table():
    assert TABLE == {"six": 6}


def test_down():
    assert down(3) == 0


def test_looked_away():
    assert looked_away(1)
"""
CONFTEST = """
import hypothesis

hypothesis.settings.register_profile("mutants")
"""
SMALL = Order(package="small", tests=("checks",), cpu_s=1)
LISTED, OVERLOOKED, GONE_SINCE = (
    f"sums looked_away: `return figure < 1_000` -> `return figure {slip}`"
    for slip in ("< 1001", "<= 1_000", "> 1_000")
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a folder with a package and tests of it."""
    files = {
        "small/__init__.py": "",
        "small/sums.py": SUMS,
        "checks/test_sums.py": TESTS,
        "checks/conftest.py": CONFTEST,
        "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_what_the_tests_do_not_notice_survives_and_is_held_against_the_list(small: Path) -> None:
    before = {path: path.read_bytes() for path in small.rglob("*") if path.is_file()}
    slips = [one.key for one in mutants("sums", SUMS)]
    (table,) = (key for key in slips if "figure * 3" in key)
    said: list[str] = []
    achieved = hunt(SMALL, {LISTED: "why", table: "why", GONE_SINCE: "why"}, said.append, small)
    assert said == [
        f"{GONE}{GONE_SINCE}",
        f"listed, but killed by checks/test_sums.py::test_the_table: {table}",
        f"{UNLISTED}{OVERLOOKED}",
        f'{UNLISTED}sums forgotten: `return "never run"` -> `return "XXnever runXX"`',
    ]
    assert achieved.figures == {
        "mutants": len(slips),
        "killed": len(slips) - 5,
        "killed by the time they took": 2,
        "survived, listed with a reason": 1,
        "survived, not listed": 2,
    }, "and a loop that never ends is ended"
    assert achieved.failures == len(said) + 1, "and fewer than 95 % were killed"
    after = {path: path.read_bytes() for path in small.rglob("*") if path.is_file()}
    assert after == before, "a hunt leaves nothing in the tree"


def test_tests_that_fail_without_a_mutant_tell_nothing(small: Path) -> None:
    (small / "checks" / "test_sums.py").write_text("def test_it():\n    raise OSError\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="broke off"):
        hunt(SMALL, {}, str, small)


@pytest.mark.parametrize(
    "text",
    [
        '[[survivors]]\nwhy = " "\nmutants = ["frame: a"]',
        '[[survivors]]\nwhy = "so"\nmutants = ["frame: a", "frame: a"]',
    ],
)
def test_a_list_without_a_reason_or_with_one_twice_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "list.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="frame: a"):
        listed(tmp_path / "list.toml")


def test_no_two_mutants_share_a_key() -> None:
    found = [one.key for one in mutants("x", "def f():\n    g(1)\n    g(1)\n")]
    assert len(found) == len(set(found))
    assert found[-1].endswith(", place 2")


def test_a_mutant_is_the_file_with_one_slip() -> None:
    source = textwrap.dedent("""\
        LIMIT = 3  # of all


        def is_low(figure: int = 0) -> bool:
            return figure < LIMIT
        """)
    codes = [one.code for one in mutants("x", source)]
    assert source.replace("LIMIT = 3", "LIMIT = 4") in codes
    assert source.replace("int = 0", "int = 1") in codes
    assert source.replace("figure <", "figure <=") in codes
    assert source not in codes
    assert len(codes) == 4, "and LIMIT = None"


def test_every_listed_survivor_is_of_a_line_of_today() -> None:
    texts = {
        path.stem: " ".join(re.sub(r"  # .*", "", path.read_text("utf-8")).split())
        for path in (mutation.ROOT / "protocol").glob("*.py")
    }
    for key in listed():
        old = key.partition(": `")[2].partition("` -> `")[0]
        assert old in texts[key.split(" ", maxsplit=1)[0].rstrip(":")], key
