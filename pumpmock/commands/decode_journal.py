"""`pumpmock decode JOURNAL`: what a journal tells, all of it or what was asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from protocol.strict_toml import meant
from pumpmock.journal.entry import HEARD, SAID
from pumpmock.journal.messages import KINDS
from pumpmock.journal.text import Teller, heading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pumpmock.journal.reading import Recorded

FAULT = "fault"


class Wanted(NamedTuple):
    """Which entries of a journal are wanted; all of them where nothing is asked for.

    Attributes:
        only: names of messages.
        faults: whether faults that struck are.
        events: whether all that is no message is.
    """

    only: tuple[str, ...] = ()
    faults: bool = False
    events: bool = False

    def of(self, line: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return what is wanted of a line; None for nothing."""
        if not any(self):
            return line
        if line["what"] in {HEARD, SAID}:
            frames = [frame for frame in line["frames"] if frame["name"] in self.only]
            return {**line, "frames": frames} if frames else None
        return line if self.events or (self.faults and line["what"] == FAULT) else None


def message_name_of(text: str) -> str:
    """Return the name of a message however it is capitalised.

    Raises:
        ValueError: where there is no such message; the sentence says which may have been meant.
    """
    by_small = {name.lower(): name for name in KINDS}
    found = by_small.get(text.lower())
    if found is None:
        raise ValueError(f"{text} is no message; {meant(text.title(), KINDS)}")
    return found


def show(recorded: Recorded, wanted: Wanted, *, as_json: bool, say: Callable[[str], None]) -> None:
    """Say what is wanted of a journal."""
    for line in _lines(recorded, wanted, as_json=as_json):
        say(line)
    if recorded.is_cut:
        click.echo(
            f"pumpmock: the last line of {recorded.name} is not whole: its writer was killed", err=True
        )


def _lines(recorded: Recorded, wanted: Wanted, *, as_json: bool) -> Iterator[str]:
    yield json.dumps(recorded.header) if as_json else heading(recorded)
    teller = Teller()
    for line in recorded.lines:
        found = wanted.of(line)
        if found is not None:
            yield from [json.dumps(found)] if as_json else teller.text(found)
