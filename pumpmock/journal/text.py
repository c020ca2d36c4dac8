"""A journal as a person reads it: a line a frame or event, with its times, and of a reading what is new in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.fields import specs
from protocol.meaning import in_unit
from protocol.messages import Change, Status
from pumpmock.journal.entry import HEARD, SAID
from pumpmock.journal.messages import KINDS
from pumpmock.journal.reading import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pumpmock.journal.reading import Recorded

_NS_A_US = 1_000
_US_A_MS = 1_000
_MS_A_S, _MS_A_MIN, _MS_A_H, _MS_A_DAY = 1_000, 60_000, 3_600_000, 86_400_000
_NOTHING: tuple[Any, ...] = (0, "", [], "00" * 8)


def heading(recorded: Recorded) -> str:
    """Return whose journal it is, in one line."""
    header = recorded.header
    said = [
        f"pump {header['serial_number']}" if "serial_number" in header else "a pump",
        *(f"{name} {header[name]}" for name in ("boot", "speed", "seed", "profile", "url") if name in header),
    ]
    return printable(f"{', '.join(said)}; from {header.get('began', 'an unknown time')}")


class Teller:
    """Tells line after line; what a reading says is told where it is not what the last one said."""

    def __init__(self) -> None:
        self._readings: dict[str, dict[str, Any]] = {}

    def text(self, line: Mapping[str, Any]) -> Iterator[str]:
        """Return what a line of a journal says: nothing, one line, or one for each of several frames."""
        return map(printable, self._text(line))

    def _text(self, line: Mapping[str, Any]) -> Iterator[str]:
        when = f"{_wall(line['wall_ns'])}  {_pump(line['pump_time_us'])}"
        if line["what"] not in {HEARD, SAID}:
            told = " ".join(f"{name}={_shown(value)}" for name, value in line.get("fields", {}).items())
            yield f"{when}  {line.get('peer', '')} * {line['what']}  {told}".rstrip()
            return
        arrow = "->" if line["what"] == HEARD else "<-"
        for frame in line["frames"]:
            name = frame["name"] or "(no frame)"
            why = f"  DROPPED: {frame['dropped']}" if frame.get("dropped") else ""
            fields = self._fields(line["peer"], frame)
            yield f"{when}  {line['peer']} {arrow} {name}{why}  {fields}".rstrip()

    def _fields(self, peer: str, frame: Mapping[str, Any]) -> str:
        fields = frame["fields"]
        if fields is None:
            return ""
        if frame["name"] == Status.__name__:
            before = self._readings.get(peer, {})
            self._readings[peer] = fields
            fields = {name: value for name, value in fields.items() if before.get(name) != value}
        kind = KINDS.get(frame["name"])
        return " ".join(_told(kind, fields)) if kind else " ".join(f"{n}={v}" for n, v in fields.items())


def _told(kind: type[Any], fields: Mapping[str, Any], before: str = "") -> Iterable[str]:
    known = specs(kind)
    for name, value in fields.items():
        spec = known.get(name)
        if kind is Change and value in _NOTHING:
            continue  # of the fields of a change, each kind uses some
        if spec is None or spec.record is None:
            unit = "" if spec is None else spec.unit
            meaning = in_unit(unit, value) if unit and isinstance(value, int) else ""
            yield f"{before}{name}={_shown(value)}" + (f" ({meaning})" if meaning else "")
        elif isinstance(value, dict):
            yield from _told(spec.record, value, f"{before}{name}.")
        else:
            for place, one in enumerate(value):
                yield from _told(spec.record, one, f"{before}{name}[{place}].")


def _shown(value: Any) -> str:  # noqa: ANN401 - a JSON value
    text = str(value)
    return f'"{text}"' if isinstance(value, str) and " " in text else text


def _wall(wall_ns: int) -> str:
    return f"{wall_ns // _NS_A_US / 1_000_000:13.6f}"


def _pump(time_us: int | None) -> str:
    if time_us is None:
        return " " * 18
    days, ms = divmod(time_us // _US_A_MS, _MS_A_DAY)
    hours, minutes = ms // _MS_A_H, ms // _MS_A_MIN % 60
    return f"{days:4} d {hours:02}:{minutes:02}:{ms % _MS_A_MIN // _MS_A_S:02}.{ms % _MS_A_S:03}"
