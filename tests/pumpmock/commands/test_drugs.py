"""`pumpmock drugs` lists, checks and seals; `pumpmock serve` takes a library, or refuses one in a sentence."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

import protocol
from protocol.drugs import read_library
from protocol.places import DRUG_LIBRARY
from protocol.strict_toml import FileError
from pumpmock.cli import main
from pumpmock.drug_file import LibraryChoice, library_of, rules_for, seal, shipped
from pumpmock.model.drug import DrugRules, rules_of

SHIPPED = Path(protocol.__file__).parent.joinpath(*DRUG_LIBRARY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a library of somebody's own, changed and not sealed."""
    made = tmp_path / "own.toml"
    made.write_text(SHIPPED.read_text().replace('"2003 ug/day"', '"1500 ug/day"'))
    return made


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.output


def test_the_shipped_library_is_listed_with_every_bound_and_source() -> None:
    code, output = run("drugs")
    assert code == 0
    assert shipped().checksum in output
    for line in (
        "baclofen: 50, 500, 1000, 2000 ug/mL (Lioresal monograph; 1000 from drugs.com)",
        "  daily dose        12 ug/day, 22 ug/day, 300 ug/day, 1000 ug/day, 2003 ug/day (assumption)",
        "  step up, spinal   0 %, 10 %, 20 %, 30 %, 40 % (Saulino 2016; upper hard an assumption)",
    ):
        assert line in output.splitlines()


def test_a_changed_library_is_refused_until_it_is_sealed(path: Path) -> None:
    code, output = run("drugs", "check", str(path))
    assert (code, f"pumpmock drugs seal {path}" in output) == (1, True)
    code, output = run("serve", "--drugs", str(path))
    assert code == 2
    code, output = run("drugs", "seal", str(path))
    assert code == 0
    assert library_of(path).checksum in output
    code, output = run("drugs", "check", str(path))
    assert (code, "1500 ug/day" in output) == (0, True)


def test_sealing_keeps_comments_and_the_mode_of_the_file_and_leaves_nothing_beside_it(path: Path) -> None:
    path.chmod(0o640)
    before = path.read_text().splitlines()
    seal(path)
    after = path.read_text().splitlines()
    assert [one for one, other in zip(before, after, strict=True) if one != other] == [before[8]]
    assert before[8].startswith("sha256 = ")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_can_not_be_sealed_stays_as_it_is(path: Path) -> None:
    path.write_text(path.read_text().replace("upper_hard", "uper_hard", 1))
    before = path.read_bytes()
    code, output = run("drugs", "seal", str(path))
    assert code == 1
    assert '"uper_hard" is not a bound; did you mean "upper_hard"?' in output
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_is_no_ordinary_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(FileError, match="it is not an ordinary file"):
            library_of(place)
    code, output = run("drugs", "check", str(tmp_path / "missing"))
    assert (code, "No such file" in output) == (1, True)


@pytest.mark.requirement("R6.9.0(1-3), R8.1(4)")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--drugs", "/nowhere.toml"], "No such file or directory"),
        (["--drugs", "/dev/zero"], "it is not an ordinary file"),
        (["--drugs", "/"], "it is a folder"),
        (["--drug", "Bac lofen"], "small letters, digits and hyphens"),
        (["--limits", "none", "--flow", "5 mL/day"], "more than 2003 ug/day"),
    ],
)
def test_serve_refuses_what_can_not_be_taken(words: list[str], said: str) -> None:
    code, output = run("serve", *words)
    assert (code, said in " ".join(output.split())) == (2, True)


def test_a_shipped_library_that_was_damaged_is_told_and_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pumpmock.drug_file.read_library", lambda _name, _data: read_library("shipped", b""))
    shipped.cache_clear()  # whoever has read it before
    for words, expected in ((["serve"], 2), (["drugs"], 1)):
        code, output = run(*words)
        assert (code, "shipped is not of a format that is known" in " ".join(output.split())) == (
            expected,
            True,
        )


def test_a_pump_that_goes_on_keeps_its_drug_until_another_is_named() -> None:
    own = rules_of(shipped(), "own")
    assert rules_for(None, None, None) == rules_of(shipped(), "baclofen")
    assert rules_for(None, None, own) == own
    assert rules_for(None, "other", own) == rules_of(shipped(), "other")
    assert rules_for(LibraryChoice(None), "other", own) is None
    assert rules_for(LibraryChoice(shipped()), None, DrugRules("x", "0" * 64, "own")) == own
