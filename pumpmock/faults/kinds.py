"""Every kind of fault: one table. What a kind does stands beside its seam, in the module that the seam names.

The taxonomy is that of the field's emulators and of what their users ask for; sensors fail in the words of PX4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from protocol.alarms import Alarm
from protocol.vocabulary import Refusal

WAY_IN, WAY_OUT = "in", "out"
JITTERS = ("none", "uniform", "normal", "lognormal")
LONGEST_MS = 3_600_000  # an hour of wall time: beyond it a figure was mistyped
FASTEST_BAUD = 4_000_000  # the fastest rate that termios names
_MOST_BYTES = 4_096


class Seam(Enum):
    """Where a fault strikes."""

    PORT = "port"
    BYTES = "bytes"
    FRAME = "frame"
    COMMAND = "command"
    PUMP = "pump"


class Stage(Enum):
    """At what a fault is asked whether it strikes."""

    OPENED = "a host has come"
    HEARD = "bytes are on their way to the pump"
    REQUEST = "a request was accepted, and is not executed yet"
    ANSWER = "an answer is sealed"
    SAID = "bytes are on their way to the host"
    ONCE = "it was asked for, or its instant or its request has come"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a fault.

    Attributes:
        key: its name in text, as `by = "300 ms"`.
        doc: what it means.
        unit: its unit; in Python the name ends with it, as `by_ms`. Empty for a bare number or a word.
        default: what holds where it is left out; None where there is no such thing.
        least: the least number.
        most: the greatest number.
        words: what it can be, where it is a word; any word where that is empty and `is_word`.
        is_word: whether it is a word and not a number.
        is_needed: whether it has to be given.
        only: another figure, and the words of it beside which alone this one means anything.
    """

    key: str
    doc: str
    unit: str = ""
    default: int | str | None = None
    least: int = 0
    most: int = 0
    words: tuple[str, ...] = ()
    is_word: bool = False
    is_needed: bool = False
    only: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in Python."""
        return f"{self.key}_{self.unit}" if self.unit else self.key


@dataclass(frozen=True, slots=True)
class Kind:
    """One row.

    Attributes:
        name: with hyphens.
        seam: where it strikes.
        stage: at what it is asked whether it does; of bytes `way` decides between HEARD and SAID.
        says: what happens, in a sentence.
        figures: how it is described more closely.
        lasts: whether it stays from the moment it strikes until it is cleared, and is not counted.
    """

    name: str
    seam: Seam
    stage: Stage
    says: str
    figures: tuple[Figure, ...] = ()
    lasts: bool = False


def _word(key: str, doc: str, words: tuple[str, ...], default: str | None) -> Figure:
    return Figure(key, doc, default=default, words=words, is_word=True, is_needed=default is None)


_WAY = _word("way", "to the pump or to the host", (WAY_IN, WAY_OUT), WAY_OUT)
_PORT = Figure(
    "port", "which port, by the name that serve prints; all where left out", default="", is_word=True
)
_FOR = Figure(
    "for", "wall time until it ends by itself; left out, until it is cleared", "ms", least=1, most=LONGEST_MS
)
_DELAY = (
    Figure("by", "wall time", "ms", least=0, most=LONGEST_MS, is_needed=True),
    _word("jitter", "the distribution of what is added to it", JITTERS, "none"),
    Figure(
        "spread",
        "uniform: the most that is added; normal: the standard deviation; lognormal: the median",
        "ms",
        default=1,
        least=1,
        most=LONGEST_MS,
        only=("jitter", "uniform", "normal", "lognormal"),
    ),
    Figure(
        "shape",
        "lognormal: the deviation of the logarithm",
        "percent",
        default=50,
        least=1,
        most=300,
        only=("jitter", "lognormal"),
    ),
)

_PORTS = (
    Kind("unplug", Seam.PORT, Stage.ONCE, "the cable is pulled: hosts get an error at once, and nobody can open the port", (_PORT, _FOR), lasts=True),
    Kind("refuse-open", Seam.PORT, Stage.ONCE, "no host can open the port; those that have it open go on", (_PORT, _FOR), lasts=True),
    Kind("deaf", Seam.PORT, Stage.ONCE, "nothing is read from the port: a host that writes on is held up", (_PORT, _FOR), lasts=True),
    Kind("mute", Seam.PORT, Stage.ONCE, "what arrives is carried out, and nothing is answered", (_PORT, _FOR), lasts=True),
    Kind("slow-start", Seam.PORT, Stage.OPENED, "what a host sends in the first moments after opening is not heard",
         (Figure("for", "wall time until the pump listens", "ms", default=2_000, least=1, most=LONGEST_MS),)),
)  # fmt: skip

_BYTES = (
    Kind("delay", Seam.BYTES, Stage.SAID, "bytes arrive later, and no faster than before", (_WAY, *_DELAY)),
    Kind("pace", Seam.BYTES, Stage.SAID, "bytes trickle, ten bits each",
         (_WAY, Figure("baud", "bits a second", default=9_600, least=50, most=FASTEST_BAUD))),
    Kind("chunk", Seam.BYTES, Stage.SAID, "bytes arrive in small pieces, apart from one another",
         (_WAY, Figure("size", "bytes a piece", default=1, least=1, most=_MOST_BYTES),
          Figure("gap", "wall time from one to the next", "ms", default=1, most=LONGEST_MS))),
    Kind("drop", Seam.BYTES, Stage.SAID, "bytes that were sent together are lost", (_WAY,)),
    Kind("flip", Seam.BYTES, Stage.SAID, "bits arrive inverted, at places drawn at random",
         (_WAY, Figure("bits", "how many", default=1, least=1, most=_MOST_BYTES))),
    Kind("noise", Seam.BYTES, Stage.SAID, "random bytes arrive between the others, at a place drawn at random",
         (_WAY, Figure("size", "how many bytes", default=8, least=1, most=_MOST_BYTES))),
    Kind("duplicate", Seam.BYTES, Stage.SAID, "bytes arrive twice", (_WAY,)),
    Kind("truncate", Seam.BYTES, Stage.SAID, "the last of the bytes that were sent together are lost",
         (_WAY, Figure("keep", "how many arrive; left out, drawn at random", most=_MOST_BYTES))),
    Kind("echo", Seam.BYTES, Stage.HEARD, "a host hears what it sends itself, before any answer"),
)  # fmt: skip

_FRAMES = (
    Kind("bad-crc", Seam.FRAME, Stage.ANSWER, "the answer arrives with a wrong checksum"),
    Kind("bad-length", Seam.FRAME, Stage.ANSWER, "the answer says another length than it has, and is undamaged otherwise"),
    Kind("bad-counter", Seam.FRAME, Stage.ANSWER, "the answer is sealed with a counter that was used before"),
    Kind("bad-session", Seam.FRAME, Stage.ANSWER, "the answer is sealed for another session"),
    Kind("unknown-type", Seam.FRAME, Stage.ANSWER, "a properly sealed frame of a type that does not exist comes in place of the answer"),
    Kind("unsolicited", Seam.FRAME, Stage.ANSWER, "a status that nobody asked for comes before the answer; it has not heard the request"),
    Kind("late-answer", Seam.FRAME, Stage.ANSWER, "the answer is held back, and comes before that of the next request"),
    Kind("answer-twice", Seam.FRAME, Stage.ANSWER, "the answer comes twice, the same to the byte"),
    Kind("busy", Seam.FRAME, Stage.REQUEST, "the request is refused as BUSY, and not executed"),
)  # fmt: skip

_COMMANDS = (
    Kind("lose-request", Seam.COMMAND, Stage.REQUEST, "the request is not executed and not answered"),
    Kind("lose-reply", Seam.COMMAND, Stage.ANSWER, "the request is executed, and its answer is lost"),
    Kind("refuse", Seam.COMMAND, Stage.REQUEST, "the request is refused, and not executed",
         (_word("code", "why", tuple(code.name for code in Refusal), "WRONG_STATE"),)),
    Kind("slow", Seam.COMMAND, Stage.ANSWER, "the request is executed at once and answered late",
         (Figure("by", "wall time", "ms", default=3_000, least=1, most=LONGEST_MS),)),
    Kind("half", Seam.COMMAND, Stage.REQUEST, "the pump restarts in the middle of the request, and does not answer it",
         (_word("at", "when it was heard and nothing was done yet; when a change was stored and the motor did not follow "
                      "it yet; or when it was done", ("heard", "stored", "done"), "done"),)),
)  # fmt: skip

_PUMP = (
    Kind("occlusion", Seam.PUMP, Stage.ONCE, "the catheter is shut: nothing arrives, and the pump does not notice", lasts=True),
    Kind("leak", Seam.PUMP, Stage.ONCE, "part of what leaves the reservoir is lost before the catheter",
         (Figure("share", "how much", "percent", default=100, least=1, most=100),), lasts=True),
    Kind("stall", Seam.PUMP, Stage.ONCE, "the rotor stands; the pump notices after a while", lasts=True),
    Kind("hold", Seam.PUMP, Stage.ONCE, "the pump holds its drive until somebody interrogates it", lasts=True),
    Kind("valve", Seam.PUMP, Stage.ONCE, "a valve shuts, after a bolus",
         (Figure("bolus", "what is given before", "nl", default=0, most=100_000_000),), lasts=True),
    Kind("empty", Seam.PUMP, Stage.ONCE, "all that can be delivered is gone from the reservoir",
         (_word("noticed", "whether the pump knows of it, or goes on expecting it there", ("yes", "no"), "yes"),)),
    Kind("low-battery", Seam.PUMP, Stage.ONCE, "the battery is found nearly empty",
         (Figure("left", "of a new one's charge; 0 ends the service", "percent", default=1, most=100),)),
    Kind("memory-error", Seam.PUMP, Stage.ONCE, "a memory error is found and made good"),
    Kind("reset", Seam.PUMP, Stage.ONCE, "a critical memory error makes the pump begin anew, at its minimum rate"),
    Kind("clock-lost", Seam.PUMP, Stage.ONCE, "the calendar clock begins anew in 1970"),
    Kind("clock-drift", Seam.PUMP, Stage.ONCE, "the calendar clock runs fast, or with a minus slow",
         (Figure("rate", "by how much", "ppm", default=50, least=-500_000, most=500_000),), lasts=True),
    Kind("sensor", Seam.PUMP, Stage.ONCE, "the level sensor fails; what the pump expects is not touched by it",
         (_word("how", "it stays at what it read; reads nothing; reads anything; or is off by a volume",
                ("stuck", "off", "garbage", "wrong"), "stuck"),
          Figure("by", "by how much it is off", "nl", default=2_000_000, least=-100_000_000, most=100_000_000, only=("how", "wrong"))), lasts=True),
    Kind("alarm", Seam.PUMP, Stage.ONCE, "what raises an alarm happens; a stall is noticed after a while",
         (_word("name", "which alarm", tuple(alarm.name.lower() for alarm in Alarm), None),)),
    Kind("reboot", Seam.PUMP, Stage.ONCE, "the pump restarts: every session ends",
         (_word("memory", "its memory is kept; lost, and with it the ledger of changes, and it falls to its minimum rate; "
                          "or old: as it was when the fault was asked for", ("kept", "lost", "old"), "kept"),)),
    Kind("firmware", Seam.PUMP, Stage.ONCE, "the pump says that it has another firmware",
         (Figure("version", "what it says", is_word=True, is_needed=True),), lasts=True),
)  # fmt: skip

KINDS: dict[str, Kind] = {kind.name: kind for kind in (*_PORTS, *_BYTES, *_FRAMES, *_COMMANDS, *_PUMP)}
