"""A scenario read from its file: every slip is told with its line and what to write, all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.strict_toml import FileError, content_of, meant, shown, text_of
from pumpmock.files import read_ordinary
from pumpmock.scenario.actions import ACTIONS
from pumpmock.scenario.expectations import EXPECT_WORDS, Expectations
from pumpmock.scenario.host_words import FIRST, HOST, WHO
from pumpmock.scenario.instant import parse_time, time_text
from pumpmock.scenario.lines import Lines
from pumpmock.scenario.pump_words import options_of, pump_words
from pumpmock.scenario.stage import START
from pumpmock.scenario.steps import Scenario, Step
from pumpmock.scenario.triggers import TRIGGERS
from pumpmock.scenario.words import Word, count, quantity, read_word, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 1
_MOST_BYTES = 262_144  # some two thousand steps
_MOST_SEED = 2**32 - 1
_STEP, _END, _PUMP, _HOST, _EXPECT = "step", "end", "pump", "host", "expect"


class ScenarioError(FileError):
    """A scenario can't be taken.

    Args:
        slips: a sentence each, with file and line.
    """

    def __init__(self, slips: list[str]) -> None:
        super().__init__("\n".join(slips))
        self.slips = slips


def _paragraph(value: object) -> str:
    if not isinstance(value, str) or not text(" ".join(value.split())):
        raise ValueError("it is text")
    return " ".join(value.split())


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text(one) for one in (value if isinstance(value, list) else [value]))


def _seed(value: object) -> int:
    if count(value) > _MOST_SEED:
        raise ValueError(f"it is 0 to {_MOST_SEED}")
    return count(value)


HEAD: dict[str, Word] = {
    "name": Word(text, '"a lost answer"', "what to call it"),
    "about": Word(_paragraph, '"what it shows"', "what it shows"),
    "source": Word(_texts, '["FDA, Class I recall of 2017"]', "where it is from: a line, or a list of them"),
    "seed": Word(_seed, "7", "of all that is drawn; 0 unless it is told"),
}
END: dict[str, Word] = {
    "at": Word(quantity(parse_time, '"15 min"'), '"15 min"', "pump time at which it is over"),
}
_STEP_KEYS = (*TRIGGERS, *ACTIONS, _HOST, _EXPECT)


def read_scenario(path: Path) -> Scenario:
    """Return the scenario in a file.

    Raises:
        ScenarioError: where it can't be taken, with all its slips.
        FileError: where it is not even TOML of this format.
        OSError: where it can't be read.
    """
    name = str(path)
    try:
        found = text_of(name, read_ordinary(path, _MOST_BYTES), _MOST_BYTES)
    except FileError:
        raise
    except ValueError as error:
        raise FileError(f"{name} can't be a scenario: {error}") from error
    return _Reader(path, found).read(content_of(found, name, FORMAT))


class _Reader:
    """Reads one file, and gathers what is wrong with it."""

    def __init__(self, path: Path, content: str) -> None:
        self._path = path
        self._lines = Lines(content, _STEP)
        self._slips: list[tuple[int, str]] = []

    def read(self, content: dict[str, Any]) -> Scenario:
        head = {key: value for key, value in content.items() if key not in (_PUMP, _STEP, _END)}
        said = self._words(head, HEAD, "key of a scenario", (), known=(*HEAD, _PUMP, _STEP, _END))
        for key in ("name", "about"):
            if key not in head:
                self._slip(1, f"{key} is missing: write {key} = {HEAD[key].example}, say")
        words = pump_words(self._path.parent)
        pump = self._words(content.get(_PUMP, {}), words, "key of [pump]", (_PUMP,))
        if not self._slips:
            try:
                options_of(pump, said.get("seed", 0))
            except ValueError as error:
                self._slip(self._lines.of(_PUMP), f"there is no such pump: {error}")
        steps = self._steps(content.get(_STEP, []))
        at_the_end = content.get(_END, {})
        end = self._words(at_the_end, END, "key of [end]", (_END,), apart=(_EXPECT,))
        if not isinstance(at_the_end, dict):
            at_the_end = {"at": None}  # which was told
        if "at" not in at_the_end:
            self._slip(self._lines.of(_END), 'it never ends: write [end] with at = "15 min", say')
        expects = self._expectations(at_the_end, (_END,), None)
        self._check_whole(steps, end.get("at"))
        self._check_hosts(steps, expects)
        if self._slips:
            raise ScenarioError([f"{self._path}, line {line}: {said}" for line, said in sorted(self._slips)])
        return Scenario(
            self._path,
            said["name"],
            said["about"],
            said.get("source", ()),
            said.get("seed", 0),
            pump,
            tuple(steps),
            end["at"],
            expects,
        )

    # --- its parts --------------------------------------------------------------------------------------------------

    def _steps(self, found: object) -> list[Step]:
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self._slip(self._lines.of(_STEP), "write [[step]] above each step")
            return []
        return [self._step(place, one) for place, one in enumerate(found)]

    def _step(self, place: int, found: dict[str, Any]) -> Step:
        line = self._lines.of_listed(place)
        for key in found:
            if key not in _STEP_KEYS:
                self._slip(
                    self._lines.of_listed(place, key),
                    f"{shown(key)} is not a key of a step; {meant(key, _STEP_KEYS)}",
                )
        verbs = {key: action.word for key, action in ACTIONS.items()}
        when = self._words(
            {k: v for k, v in found.items() if k in TRIGGERS}, TRIGGERS, "key", (), place=place
        )
        does = self._words({k: v for k, v in found.items() if k in verbs}, verbs, "verb", (), place=place)
        host = self._words(found.get(_HOST, {}), HOST, "verb of a host", (_HOST,), place=place)
        who = host.pop(WHO, None)
        expects = self._expectations(found, (), place)
        self._check_step(line, found)
        return Step(
            line,
            when.get("at"),
            when.get("every", 0),
            when.get("on"),
            when.get("when"),
            when.get("times", 1 if "on" in found else None),
            when.get("in"),
            when.get("after", 0),
            when.get("optional", False),
            when.get("goto"),
            tuple(does.items()),
            who,
            tuple(host.items()),
            expects,
        )

    def _expectations(
        self, found: Mapping[str, Any], path: tuple[str, ...], place: int | None
    ) -> Expectations | None:
        if _EXPECT not in found:
            return None
        wanted = self._words(found[_EXPECT], EXPECT_WORDS, "key of expect", (*path, _EXPECT), place=place)
        who = wanted.pop(WHO, None)
        line = self._lines.of(*path, _EXPECT) if place is None else self._lines.of_listed(place, _EXPECT)
        return Expectations(line, who, wanted)

    def _words(
        self,
        found: object,
        words: Mapping[str, Word],
        what: str,
        path: tuple[str, ...],
        *,
        place: int | None = None,
        known: tuple[str, ...] = (),
        apart: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """Read the keys of a table one by one, so that one slip hides no other; `apart` are read by somebody else."""

        def line(*keys: str) -> int:
            return self._lines.of(*keys) if place is None else self._lines.of_listed(place, *keys)

        if not isinstance(found, dict):
            self._slip(line(*path), f"{path[-1]} is a table: write it in braces, or as [{'.'.join(path)}]")
            return {}
        said: dict[str, Any] = {}
        for key, value in found.items():
            if key in apart:
                continue
            try:
                if key not in words:
                    raise ValueError(f"{shown(key)} is not a {what}; {meant(key, known or tuple(words))}")  # noqa: TRY301 - told below
                said[key] = read_word(key, value, words, what)
            except (ValueError, OSError) as error:
                self._slip(line(*path, key), str(error))
        return said

    # --- what must fit together -------------------------------------------------------------------------------------

    def _check_step(self, line: int, found: Mapping[str, Any]) -> None:
        says = [
            ("at" in found and "on" in found, "a step comes at a time or on a request: leave at or on out"),
            (
                not {"at", "on", "in"} & set(found),
                'say when it comes: write at = "10 min" or on = "Commit", say',
            ),
            ("on" not in found and "when" in found, "when needs a request: write on"),
            (
                not {"on", "every"} & set(found) and "times" in found,
                "times needs a request or a period: write on or every",
            ),
            ("every" in found and "at" not in found, "every needs the time of the first: write at"),
            ("at" in found and "optional" in found, "a step by time always comes: leave optional out"),
            ("at" in found and "after" in found, "after counts from a request or a state: add it to at"),
            (set(found) <= set(TRIGGERS) - {"goto"}, "it does nothing: write expect, host, goto or a verb"),
        ]
        for wrong, sentence in says:
            if wrong:
                self._slip(line, sentence)

    def _check_hosts(self, steps: list[Step], at_the_end: Expectations | None) -> None:
        """Refuse to expect something of a host that does nothing: its name was mistyped."""
        hosts = {FIRST, *(step.who for step in steps if step.who is not None)}
        for expected in (*(step.expects for step in steps), at_the_end):
            if expected is not None and expected.who is not None and expected.who not in hosts:
                self._slip(
                    expected.line,
                    f"no host {shown(expected.who)} does anything; {meant(expected.who, sorted(hosts))}",
                )

    def _check_whole(self, steps: list[Step], end_us: int | None) -> None:
        states = {START, *(step.goto for step in steps if step.goto is not None)}
        for place, step in enumerate(steps):
            if step.inside is not None and step.inside not in states:
                said = f'no step goes to "{step.inside}": write goto, or one of {", ".join(sorted(states))}'
                self._slip(self._lines.of_listed(place, "in"), said)
            if step.at_us is not None and end_us is not None and step.at_us > end_us:
                said = f"it comes after the end, which is at {time_text(end_us)}"
                self._slip(self._lines.of_listed(place, "at"), said)

    def _slip(self, line: int, sentence: str) -> None:
        """Keep what is wrong; what it quotes of the file is made fit for a terminal."""
        self._slips.append((line, "".join(c if c.isprintable() else "?" for c in sentence)))
