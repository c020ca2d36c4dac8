"""What the host of a scenario does: the keys of `host = { … }`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.alarms import Alarm, mask
from protocol.units import parse_span
from pumpmock.scenario.changes import read_change
from pumpmock.scenario.instant import parse_time
from pumpmock.scenario.words import Word, count, flag, members_of, quantity, read_table, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpmock.host import Host

FIRST = "host"  # the name of the host where nobody is named
WHO, POLL_EVERY = "who", "poll_every"
_ALL_ALARMS = mask(set(Alarm))


def _alarms(value: object) -> int:
    return _ALL_ALARMS if value == "all" else mask(members_of(Alarm, "an alarm")(value))


HOST: dict[str, Word] = {
    WHO: Word(text, '"second"', "which host it is, by any name: each has a cable of its own"),
    "poll": Word(flag, "true", "ask for a reading"),
    POLL_EVERY: Word(
        quantity(parse_time, '"1 h"'), '"1 h"', "ask for a reading now and from now on; 0 s ends it"
    ),
    "change": Word(read_change, '{ rate = "0.6 mL/day" }', "read, prepare, commit, and resolve if need be"),
    "prepare": Word(read_change, '{ rate = "0.6 mL/day" }', "read and prepare, and leave it there"),
    "commit": Word(flag, "true", "commit what is prepared, and resolve if need be"),
    "resolve": Word(flag, "true", "ask what became of the change that is open"),
    "acknowledge": Word(_alarms, '["STALL"]', 'say that somebody has seen these alarms, or "all"'),
    "silence": Word(quantity(parse_span, '"10 min"'), '"10 min"', "pause the alarm sound"),
    "garbage": Word(count, "200", "send so many random bytes"),
    "vanish": Word(flag, "true", "be killed: close the port, in the middle of whatever is under way"),
    "reconnect": Word(flag, "true", "come back, and ask what became of what was left open"),
}

_DOES: dict[str, Callable[[Host, Any], object]] = {
    "poll": lambda host, _: host.poll(),
    "change": lambda host, change: host.change(change),
    "prepare": lambda host, change: host.prepare(change),
    "commit": lambda host, _: host.commit(),
    "resolve": lambda host, _: host.resolve(),
    "acknowledge": lambda host, bits: host.acknowledge(bits),
    "silence": lambda host, seconds: host.pause_audio(seconds),
    "garbage": lambda host, size: host.talk.babble(size),
    "vanish": lambda host, _: host.vanish(),
    "reconnect": lambda host, _: host.reconnect(),
}
AT_ONCE = frozenset({"vanish"})  # what a host does even in the middle of something else


def read_host(value: object) -> dict[str, Any]:
    """Return what a host is to do, in order.

    Raises:
        ValueError: with a sentence.
    """
    return read_table(value, HOST, "verb of a host")


def let_do(host: Host, verb: str, figure: Any) -> None:  # noqa: ANN401 - what the verb reads
    """Let a host do something; `poll_every` is for whoever has the time."""
    _DOES[verb](host, figure)
