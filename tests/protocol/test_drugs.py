"""A drug library is taken as it was sealed, or refused with the line and what mends it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import protocol
from protocol.drugs import MOST_BYTES, PatientClass, Range, read_library, sealed
from protocol.places import DRUG_LIBRARY
from protocol.strict_toml import FileError

SHIPPED = Path(protocol.__file__).parent.joinpath(*DRUG_LIBRARY)
DATA = SHIPPED.read_bytes()
TEXT = DATA.decode()


def said(text: str | bytes, *, seal: bool = True) -> str:
    """Return with which sentence a file is refused, as it is sealed or as it is read."""
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(FileError) as refused:
        (sealed if seal else read_library)("lib.toml", data)
    sentence = str(refused.value)
    assert sentence.isprintable()
    assert sentence.startswith("lib.toml")
    assert len(sentence) < 400
    return sentence


def line_of(place: int) -> int:
    """Return in which line the bound at a place of the daily dose stands, 1 for the first."""
    return TEXT.splitlines().index("[drugs.baclofen.daily_dose]") + 1 + place


def changed(old: str, new: str) -> str:
    """Return the shipped library with one thing in it another."""
    assert TEXT.count(old) >= 1
    return TEXT.replace(old, new, 1)


def test_the_shipped_library_is_sealed_and_says_what_its_sources_do() -> None:
    library = read_library("shipped", DATA)
    assert sealed("shipped", DATA) == DATA
    drug = library.drugs["baclofen"]
    assert drug.concentrations_ug_ml == (50, 500, 1_000, 2_000)
    assert drug.daily_dose == Range(12, 22, 300, 1_000, 2_003, "assumption")
    assert drug.screening is not None
    assert (drug.screening.concentration_ug_ml, drug.screening.interval_s) == (50, 86_400)
    assert (drug.screening.dose.lower_hard, drug.screening.dose.typical, drug.screening.dose.upper_hard) == (
        25,
        50,
        100,
    )
    bands = {
        who: (rules.step_up.lower_soft, rules.step_up.upper_soft) for who, rules in drug.titration.items()
    }
    assert bands == {
        PatientClass.SPINAL: (10, 30),
        PatientClass.CEREBRAL: (5, 15),
        PatientClass.CHILD: (5, 15),
    }
    assert all((rules.interval_s, rules.first_s) == (86_400, 86_400) for rules in drug.titration.values())


def test_every_figure_of_the_shipped_library_stands_beside_a_source() -> None:
    tables = TEXT.split("\n[")[1:]
    assert len(tables) == 13
    for table in tables:
        assert re.search(r'(?m)^source = "(assumption|.*\S.*)"$', table), table


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"2003 ug/day"', '"2004 ug/day"'),
        ('source = "drugs.com"', 'source = "drugs.net"'),
        ('name = "baclofen"', 'name = "baclofem"'),
        ("[drugs.baclofen]", "[drugs.baclofem]"),
        ('"50 ug/mL", ', ""),
        ('sha256 = "', 'sha256 = "0'),
    ],
)
def test_a_value_that_was_changed_since_is_found_and_can_be_sealed_again(old: str, new: str) -> None:
    text = changed(old, new)
    if new == "[drugs.baclofem]":
        text = text.replace("drugs.baclofen", "drugs.baclofem")
    assert said(text, seal=False) == (
        "lib.toml is not what was sealed, its values were changed or damaged: look it over, then run: "
        "pumpmock drugs seal lib.toml"
    )
    if old != '"50 ug/mL", ':  # the screening trial would be of none of the drug's concentrations
        again = sealed("lib.toml", text.encode())
        assert read_library("lib.toml", again).checksum != "0"
        assert sealed("lib.toml", again) == again


@pytest.mark.requirement("R6.9.0(1-3), R8.1(4)")
@pytest.mark.parametrize("line", ["", "sha256 = 7\n", 'sha256 = ""\n'])
def test_a_library_without_its_checksum_is_refused_with_the_command_that_writes_it(line: str) -> None:
    without = re.sub(r"(?m)^sha256 = .*\n", line, TEXT)
    assert "pumpmock drugs seal lib.toml" in said(without, seal=False)
    assert read_library("lib.toml", sealed("lib.toml", without.encode())) == read_library("lib.toml", DATA)


def test_comments_spaces_and_the_order_of_keys_are_not_sealed() -> None:
    moved = changed('upper_hard = "2003 ug/day"\n', "").replace(
        "[drugs.baclofen.daily_dose]\n",
        '[drugs.baclofen.daily_dose] # dose\nupper_hard   =   "2003 ug/day"\n',
    )
    assert read_library("lib.toml", moved.encode()) == read_library("lib.toml", DATA)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("format = 1", "format = 2", "begin it with format = 1"),
        ("format = 1\n", "", "begin it with format = 1"),
        ('name = "baclofen"', "", 'name is missing: write name = "my-library", say'),
        ('name = "baclofen"', 'name = "Bac lofen"', "small letters, digits and hyphens"),
        (
            'name = "baclofen"',
            'name = "b"\nnaem = 1',
            '"naem" is not a part of a drug library; did you mean "name"?',
        ),
        (
            "[drugs.baclofen.step_down]",
            "[drugs.baclofen.step_dwon]",
            '"step_dwon" is not a part of a drug; did you mean "step_down"?',
        ),
        (
            'lower_hard = "25 ug"',
            "lower_hard = 25",
            'lower_hard is not text: write lower_hard = "50 ug", say',
        ),
        (
            'lower_soft = "22 ug/day"',
            'lower_sotf = "22 ug/day"',
            f', line {line_of(2)}: "lower_sotf" is not a bound; did you',
        ),
        ('lower_soft = "22 ug/day"\n', "", "lower_soft is missing"),
        ('lower_soft = "22 ug/day"', "lower_soft = 22", "lower_soft is not text: write"),
        ('lower_soft = "22 ug/day"', 'lower_soft = "22"', f", line {line_of(2)}: lower_soft: "),
        ('lower_soft = "22 ug/day"', 'lower_soft = "22 ug"', "is not a unit of a daily dose"),
        ('lower_soft = "22 ug/day"', 'lower_soft = "-22 ug/day"', "is negative"),
        ('upper_soft = "30 %"', 'upper_soft = "30.5 %"', "is finer than"),
        ('"500 ug/mL"', '"0 ug/mL"', "a concentration is 1 to 65535 ug/mL"),
        ('"500 ug/mL"', '"66 mg/mL"', "a concentration is 1 to 65535 ug/mL"),
        ('"500 ug/mL"', '"50 ug/mL"', "each once"),
        ('"500 ug/mL"', "500", "concentrations is not text"),
        ("concentrations = [", "concentrations = 7 #", "concentrations is not a list"),
        ('concentration = "50 ug/mL"', 'concentration = "51 ug/mL"', "none of the drug's concentrations"),
        ('source = "drugs.com"', 'source = ""', "source: it is empty"),
        ('source = "drugs.com"', f'source = "{"x" * 49}"', "at most 48 plain characters"),
        (
            "[drugs.baclofen.titration.child]",
            "[drugs.baclofen.titration.adult]",
            "is not a class of patients",
        ),
        ('interval = "24 h"', 'interval = "1 day"', "is not a unit of a span of time"),
        ('interval = "24 h"', 'interval = "99999999 h"', "at the most"),
        ('upper_hard = "2003 ug/day"', 'upper_hard = "5000000 mg/day"', "more than a pump can be told"),
        ("[drugs.baclofen.daily_dose]", "[[drugs.baclofen.daily_dose]]", "daily_dose is not a table"),
        ("lower_hard", "lower_hard = 1\nlower_hard", "is not TOML"),
    ],
)
def test_a_library_that_is_wrong_is_refused_with_what_to_write(old: str, new: str, sentence: str) -> None:
    assert sentence in said(changed(old, new))


@pytest.mark.parametrize("place", range(4))
def test_each_bound_may_equal_the_next_and_not_pass_it(place: int) -> None:
    names = ("lower_hard", "lower_soft", "typical", "upper_soft", "upper_hard")
    figures = [12, 22, 300, 1_000, 2_003]
    line = f'{names[place]} = "{figures[place]} ug/day"'
    equal = changed(line, f'{names[place]} = "{figures[place + 1]} ug/day"')
    sealed("lib.toml", equal.encode())
    beyond = changed(line, f'{names[place]} = "{figures[place + 1] + 1} ug/day"')
    sentence = said(beyond)
    assert f", line {line_of(place + 2)}: {names[place + 1]} is below {names[place]}" in sentence
    assert "lower_hard <= lower_soft <= typical <= upper_soft <= upper_hard is wanted" in sentence


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "begin it with format = 1"),
        (b"\xff\xfe", "it must be UTF-8"),
        (b"format = 1\n" + b"#" * MOST_BYTES, "larger than 65536 bytes"),
        (b"format = 1\na = " + b"[" * 9_000, "is not TOML"),
        (b"format = 1\na = " + b"9" * 5_000, "too many digits"),
        (b"format = 1\na = 0x" + b"f" * 5_000, "too many digits"),
        (b'format = 1\nname = "x"\n[drugs]\n', "has no drug"),
        (b'format = 1\nname = "x"\ndrugs = 7\n', "drugs is not a table"),
        (b'format = 1\nname = "x"\n', "[drugs] is missing"),
        (b'format = 1\nname = "x"\n[drugs."A\\u001b"]\n', "small letters, digits and hyphens"),
        (b'format = 1\nname = "x"\n[drugs.x]\n', "is missing"),
        (b"format = 1\nx = 1979-05-27\n", '"x" is not a part of a drug library'),
    ],
)
def test_a_hostile_file_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    assert sentence in said(data)
    said(data, seal=False)


def test_a_checksum_that_stands_where_it_can_not_be_replaced_is_told() -> None:
    hidden = re.sub(r"(?m)^sha256 = .*$", '"sha256" = "0"', TEXT)
    assert "on lines of their own at the top" in said(hidden)


@pytest.mark.requirement("R6.9.0(1-3), R8.1(4)")
@given(st.binary(max_size=200), st.integers(0, len(DATA)))
def test_no_damage_gets_past_the_checksum(noise: bytes, place: int) -> None:
    damaged = DATA[:place] + noise + DATA[place + len(noise) :]
    try:
        library = read_library("lib.toml", damaged)
    except FileError:
        return
    assert library == read_library("lib.toml", DATA)  # a comment, or the same once more


def test_a_titration_for_no_class_of_patients_is_refused() -> None:
    rules = re.search(
        r"(?ms)^\[drugs\.baclofen\.titration\..*?(?=^\[drugs\.(?!baclofen\.titration)|\Z)", TEXT
    )
    assert rules is not None
    none = TEXT.replace(rules[0], "[drugs.baclofen.titration]\n")
    assert said(none).endswith("it has no class of patients: spinal, cerebral, child")


@pytest.mark.parametrize("source", ["x" * 49, "\\u001b[31m", "\u00b5"])
def test_a_source_that_is_not_short_and_plain_is_refused(source: str) -> None:
    assert said(changed('source = "assumption"', f'source = "{source}"')).endswith(
        "a source has at most 48 plain characters"
    )
