"""What calls for somebody who does not look: the terminal's bell, and a notification of the desktop where it is wished.

Each goes out as one write of its own between two of Textual's, which are whole, so that a bell never ends a sequence half
way; a notification ends with the string terminator, not with a bell, and holds nothing but printable characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.bell import due, next_ns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.alarms import Board
    from monitor.judgement import AlarmLine
    from protocol.alarms import Priority

BELL: Final = "\a"
_END: Final = "\x1b\\"
_MOST: Final = 120  # characters of a notification; a desktop shows no more
# What terminals understand: 9 is iTerm2's, 777 rxvt's, with a title of its own.
FORMS: Final[dict[str, Callable[[str, str], str]]] = {
    "off": lambda _title, _text: "",
    "9": lambda title, text: f"\x1b]9;{title}: {text}{_END}",
    "777": lambda title, text: f"\x1b]777;notify;{title};{text}{_END}",
}


class Attention:
    """Rings and notifies.

    Args:
        write: writes to the terminal.
        bell: whether it rings.
        notify: a name of `FORMS`.
    """

    def __init__(self, write: Callable[[str], None], *, bell: bool = True, notify: str = "off") -> None:
        self._write = write
        self._bell = bell
        self._form = FORMS[notify]
        self._calling: tuple[Priority | None, int] = (None, 0)
        self._began_ns = 0
        self._rung = 0
        self._told = 0

    def heed(self, board: Board, name: str, now_ns: int, *, silent: bool) -> int | None:
        """Ring and notify as is due.

        Args:
            board: the alarms.
            name: the pump's, for a notification.
            now_ns: the instant, by the host's monotonic clock.
            silent: whether nothing may sound.

        Returns:
            When the bell rings next, None where it does not.
        """
        self._notify(
            (entry.line for entry in board.entries if entry.order > self._told and entry.unseen), name
        )
        self._told = board.calls
        priority = None if silent or not self._bell else max(board.calling, default=None)
        if (priority, board.calls) != self._calling:  # it begins anew with each alarm that comes
            self._calling = priority, board.calls
            self._began_ns, self._rung = now_ns, 0
        if priority is None:
            return None
        pulses = due(priority, self._began_ns, now_ns)
        if pulses > self._rung:  # of pulses that were missed none is made up for
            self._write(BELL)
            self._rung = pulses
        return next_ns(priority, self._began_ns, now_ns)

    def _notify(self, lines: Iterable[AlarmLine], name: str) -> None:
        for line in lines:
            text = _plain(f"{line.title}, {line.text}")
            if sent := self._form(_plain(f"pump {name}" if name else "pump-monitor"), text):
                self._write(sent)


def _plain(text: str) -> str:
    """Return text that can't be taken for anything else: no control characters, and no semicolons, which part fields."""
    kept = "".join(char if char.isprintable() else "?" for char in text).replace(";", ",")
    return kept[:_MOST]
