"""A profile gives every figure of a pump's make with its source; one that is wrong is refused with what to write."""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import MOST_RATE_NL_H
from protocol.strict_toml import FileError
from protocol.units import US_PER_DAY, US_PER_H
from pumpmock.model.battery import Cell, charged
from pumpmock.model.program import Therapy, simple_continuous
from pumpmock.model.pump import Pump
from pumpmock.model.settings import Settings
from pumpmock.profile_file import USUAL, Profile, altered, find_profile, shipped, shipped_names

US_PER_YEAR = 8_766 * US_PER_H
FOLDER = Path(str(files("pumpmock"))) / "profiles"
TEXT = (FOLDER / f"{USUAL}.toml").read_text()
NAMES = ("bench", "prometra-like", "synchromed-like-20", "synchromed-like-40")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pump.toml"


def said(path: Path, text: str) -> str:
    """Return with which sentence a profile is refused."""
    path.write_text(text)
    with pytest.raises(FileError) as refused:
        find_profile(str(path))
    sentence = str(refused.value)
    assert sentence.startswith(str(path))
    assert sentence.isprintable()
    assert len(sentence) < 400 + len(str(path))
    return sentence.removeprefix(str(path))


def changed(old: str, new: str) -> str:
    """Return the usual profile with one text, that is there once, replaced."""
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


# --- those that are shipped ---------------------------------------------------------------------------------------


def test_the_shipped_profiles_are_these() -> None:
    assert shipped_names() == NAMES
    assert USUAL in NAMES
    with pytest.raises(KeyError):
        shipped("none")


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_gives_each_figure_of_settings_and_cell_once_with_a_source(name: str) -> None:
    profile = shipped(name)
    have_defaults = {f.name for f in dataclasses.fields(Settings) if f.default is not dataclasses.MISSING}
    wanted = (
        {f.name for kind in (Settings, Cell) for f in dataclasses.fields(kind)} - have_defaults - {"cell"}
    )
    given = [figure.name for figure in profile.figures]
    assert sorted(given) == sorted(wanted | {"fill_nl", "rate_nl_h"})
    assert all(figure.source for figure in profile.figures)
    made = dataclasses.asdict(profile.settings) | dataclasses.asdict(profile.settings.cell)
    made |= {"fill_nl": profile.fill_nl, "rate_nl_h": profile.rate_nl_h}
    assert {figure.name: figure.value for figure in profile.figures} == {name: made[name] for name in given}


@pytest.mark.parametrize("name", NAMES)
def test_a_pump_of_a_shipped_profile_starts_without_an_alarm_and_is_stored_and_found_again(name: str) -> None:
    profile = shipped(name)
    pump = Pump(profile.settings, fill_nl=profile.fill_nl, rate_nl_h=profile.rate_nl_h)
    assert pump.sample().alarms == 0
    assert Pump.from_dict(pump.to_dict()).settings == profile.settings


def test_what_has_a_default_in_the_settings_is_off_or_no_limit() -> None:
    defaults = [f.default for f in dataclasses.fields(Settings) if f.default is not dataclasses.MISSING]
    assert set(defaults) == {0}


def test_the_usual_pump_is_the_one_that_was_served_before_there_were_profiles() -> None:
    made = shipped(USUAL).settings
    assert (made.capacity_nl, made.residual_nl, made.low_reservoir_nl) == (20_000_000, 1_400_000, 2_000_000)
    assert (made.least_rate_nl_h, made.most_rate_nl_h, made.minimum_rate_nl_h) == (2_000, 1_000_000, 250)
    assert made.cell == Cell(70_128_000_000, 6, 2_160 * US_PER_H, 7 * US_PER_YEAR, 2_400, 3_100)


def test_the_two_sizes_differ_in_their_reservoir_alone() -> None:
    small, large = shipped("synchromed-like-20").settings, shipped("synchromed-like-40").settings
    assert dataclasses.replace(small, capacity_nl=40_000_000) == large


def test_no_shipped_profile_has_a_rate_that_the_wire_does_not_carry() -> None:
    assert {shipped(name).settings.most_rate_nl_h for name in NAMES} == {MOST_RATE_NL_H}


def lasts_years(profile: Profile, rate_nl_h: int) -> float:
    cell = profile.settings.cell
    battery = charged(cell, 100)
    empty_us = Therapy(simple_continuous(rate_nl_h), 0).until_amount_us(0, 0, battery.left(cell), cell.cost)
    assert empty_us is not None
    return battery.emptied_at(empty_us).end_us(cell) / US_PER_YEAR


def test_a_prometra_like_pump_lasts_ten_years_at_a_quarter_of_a_millilitre_a_day() -> None:
    assert lasts_years(shipped("prometra-like"), 10_417) == pytest.approx(11 / 1.0625, abs=0.001)


def test_a_synchromed_like_pump_lasts_five_to_seven_years_by_what_it_delivers() -> None:
    years = [lasts_years(shipped(USUAL), rate) for rate in (2_000, 20_833, 41_667, 83_333, 100_000)]
    assert years == sorted(years, reverse=True)
    assert years[0] == 7
    assert 5 <= years[-1] < 7


# --- those of a file ----------------------------------------------------------------------------------------------


def test_a_copy_of_a_shipped_file_is_the_same_make_under_its_path(path: Path) -> None:
    path.write_text(TEXT)
    assert find_profile(str(path)) == dataclasses.replace(shipped(USUAL), name=str(path))


def test_a_name_that_is_no_profile_is_refused_with_the_one_that_it_is_like(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='did you mean "prometra-like"'):
        find_profile("prometra-lik")
    with pytest.raises(ValueError, match="pumpmock profiles lists those there are"):
        find_profile(str(tmp_path / "zzz"))
    with pytest.raises(ValueError, match="is a folder"):
        find_profile(str(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="is not an ordinary file"):
        find_profile(str(tmp_path / "pipe"))


CAPACITY = 'capacity = { value = "20 mL", source = "the 20 of the model number 8637-20" }'
VOLUME = 'volume = { value = "395 uL", source = "assumption" }'
WRITE = 'write capacity = { value = "20 mL", source = "assumption" }, say'


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (CAPACITY, "", f", line 5: [reservoir] lacks capacity: {WRITE}"),
        (CAPACITY, 'capacity = "20 mL"', f", line 6: capacity is not a figure with its source: {WRITE}"),
        (
            CAPACITY,
            'capacity = { source = "x" }',
            f", line 6: capacity is not a figure with its source: {WRITE}",
        ),
        (CAPACITY, 'capacity = { value = "20 mL" }', f", line 6: capacity has no source: {WRITE}"),
        (CAPACITY, 'capacity = { value = "20 mL", source = " " }', "capacity has no source"),
        (CAPACITY, 'capacity = { value = "20 mL", source = "a\\u001bb" }', "capacity has no source"),
        (CAPACITY, 'capacity = { value = "20 mL", source = 7 }', "capacity has no source"),
        (CAPACITY, f'capacity = {{ value = "20 mL", source = "{"x" * 201}" }}', "capacity has no source"),
        (
            CAPACITY,
            'capacity = { value = "20 mL", sorce = "x" }',
            'line 6: "sorce" is not a part of capacity; did',
        ),
        (
            CAPACITY,
            'capacity = { value = 20, source = "x" }',
            'capacity is not text with a unit: write value = "20 mL"',
        ),
        (
            CAPACITY,
            'capacity = { value = "20", source = "x" }',
            'capacity: "20" has no unit: write "20 mL", say',
        ),
        (
            CAPACITY,
            CAPACITY.replace("capacity", "capcity"),
            ', line 6: "capcity" is not a figure of [reservoir]; did you',
        ),
        (CAPACITY, CAPACITY.replace("20 mL", "1 mL"), ": residual_nl is 1400000: it must be 0 to 1000000"),
        (
            CAPACITY,
            CAPACITY.replace("20 mL", "17 mL"),
            ": fill_nl is 18000000: the reservoir holds 0 to 17000000 nL",
        ),
        (VOLUME, "", ", line 20: [catheter] lacks volume"),  # not the line of the volume of another section
        (
            "[catheter]",
            "[cathetr]",
            ', line 20: "cathetr" is not a section of a profile; did you mean "catheter"?',
        ),
        (
            "a_day = { value = 0,",
            'a_day = { value = "0",',
            "a_day is not a whole number: write value = 4, say",
        ),
        ("a_day = { value = 0,", "a_day = { value = 4,", ": patient_bolus_nl is 0: it must be 1 to 20000000"),
        ("a_day = { value = 0,", f"a_day = {{ value = 0x{'f' * 4_000},", "a_day has too many digits"),
        (
            'value = "24 mL/day"',
            'value = "28.8 mL/day"',
            ": most_rate_nl_h is 1200000: it must be 1 to 1000000",
        ),
        (
            'value = "0.5 mL/day"',
            'value = "0.04 mL/day"',
            ": rate_nl_h is 1667: it must be 0, or 2000 to 1000000",
        ),
        ('value = "90 days"', 'value = "8 years"', ": cell.notice_us is"),
        ('value = "3100 mV"', 'value = "2300 mV"', ": cell.empty_mv is 2400: it must be 0 to 2300"),
        ("title = ", "titel = ", ': title: write title = "...", a line of text'),
        ("format = 1", "format = 2", "begin it with format = 1"),
        ("[catheter]", "catheter = 7\n[alarms]\n[catheter]", "is not TOML"),
    ],
)
def test_a_profile_that_is_wrong_is_refused_with_what_to_write(
    path: Path, old: str, new: str, sentence: str
) -> None:
    assert sentence in said(path, changed(old, new))


def test_a_section_that_is_none_is_refused(path: Path) -> None:
    text = re.sub(r"(?s)\[catheter\].*?\n\n", "", TEXT).replace("[reservoir]", "catheter = 7\n[reservoir]")
    assert ", line 5: catheter is not a section: write [catheter] above its figures" in said(path, text)


@pytest.mark.parametrize("section", sorted(set(tomllib.loads(TEXT)) - {"format", "title"}))
def test_no_section_may_be_left_out(path: Path, section: str) -> None:
    text = re.sub(rf"(?ms)^\[{section}\]$.*?(?=^\[|\Z)", "", TEXT)
    assert f"[{section}] lacks " in said(path, text)


@given(st.integers(0, len(TEXT)), st.integers(0, 40), st.text(alphabet='01.[]{}="\n# mLvalue', max_size=10))
def test_no_mangled_profile_gets_past_the_reader_but_as_a_profile_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, at: int, gone: int, new: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "mangled.toml"
    path.write_text(TEXT[:at] + new + TEXT[at + gone :])
    try:
        profile = find_profile(str(path))
    except FileError:
        return
    assert len(profile.figures) == len(shipped(USUAL).figures)


def test_a_make_with_some_figures_that_are_others_is_that_make_otherwise() -> None:
    usual = shipped(USUAL)
    other = altered(usual, {"alarms": {"watchdog": "12 h"}, "battery": {"notice": "30 days"}})

    assert other.settings.watchdog_s == 12 * 3_600
    assert other.settings.cell.notice_us == 30 * US_PER_DAY
    assert dataclasses.replace(other.settings, watchdog_s=0, cell=usual.settings.cell) == usual.settings
    changed = {figure.key: figure.source for figure in other.figures if figure not in usual.figures}
    assert changed == {"watchdog": "assumption", "notice": "assumption"}


@pytest.mark.parametrize(
    ("figures", "why"),
    [
        ({"alarm": {}}, 'did you mean "alarms"?'),
        ({"alarms": {"watchdgo": "1 h"}}, 'did you mean "watchdog"?'),
        ({"alarms": {"watchdog": "1 hour"}}, "is not a unit"),
        ({"start": {"fill": "21 mL"}}, "fill_nl is 21000000"),
    ],
)
def test_a_figure_that_can_not_be_otherwise_is_refused(
    figures: dict[str, dict[str, object]], why: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        altered(shipped(USUAL), figures)
