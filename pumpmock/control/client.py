"""A pump's verbs from another process: `Control` speaks to the socket that `pumpmock serve` names when it is ready."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any, Self, cast

from pumpmock.control.address import reachable
from pumpmock.control.server import FOLLOW
from pumpmock.control.verb import VerbError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_READ_SIZE = 65_536
_ANSWERED_WITHIN_S = 60.0  # seven years of pump time take about one


class NoPumpError(OSError):
    """No pump answers there; the message says how to start one."""


class UnknownOutcomeError(Exception):
    """The pump went away before it answered: what was asked for may have been done or not."""


class Control:
    """A connection to one pump's control socket.

    Spans, volumes and the like are text with a unit, as on a command line, or the integers that the pump counts in.

    Args:
        path: of the socket.

    Raises:
        NoPumpError: where nobody serves it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unread = b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(_ANSWERED_WITHIN_S)
        try:
            with reachable(path) as address:
                self._socket.connect(address)
        except OSError as error:
            self._socket.close()
            raise NoPumpError(_how_to_start(path, error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def call(self, verb: str, given: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - a JSON value
        """Have a verb done, and return what came of it.

        Raises:
            VerbError: where the pump refuses it; nothing is changed then.
            UnknownOutcomeError: where the pump goes away before it has answered.
        """
        self._send({"verb": verb, "args": given or {}})
        line = self._line()
        if line is None:
            raise UnknownOutcomeError(
                f"the pump went away before it answered; whether {verb} was done is not known"
            )
        return _result(line)

    def follow(self, last: str | int = 20) -> Iterator[dict[str, Any]]:
        """Return the newest entries of the pump's journal, and each from now on as it is made, until the pump ends.

        Raises:
            VerbError: where `last` is no number of entries.
        """
        self._send({"verb": FOLLOW, "args": {"last": last}})
        self._socket.settimeout(None)
        while (line := self._line()) is not None:
            yield from _result(line)

    def status(self) -> dict[str, Any]:
        """Return what the firmware believes and what is so."""
        return cast("dict[str, Any]", self.call("status"))

    def advance(self, span: str | int) -> dict[str, Any]:
        """Let pump time pass at once: "2 h", or seconds."""
        return cast("dict[str, Any]", self.call("advance", {"span": span}))

    def speed(self, factor: str | int) -> dict[str, Any]:
        """Let pump time run so many times as fast: "60", or thousandths."""
        return cast("dict[str, Any]", self.call("speed", {"factor": factor}))

    def freeze(self) -> dict[str, Any]:
        """Let pump time stand still."""
        return cast("dict[str, Any]", self.call("freeze"))

    def set(self, **facts: str | int) -> dict[str, Any]:
        """Set what is physically so, or what the firmware expects: reservoir="3 mL"."""
        return cast("dict[str, Any]", self.call("set", facts))

    def strike(self, trouble: str, extent: str | int | None = None) -> dict[str, Any]:
        """Let something go wrong inside the pump."""
        given = {"name": trouble, "extent": None if extent is None else str(extent)}
        return cast("dict[str, Any]", self.call("trouble strike", given))

    def relieve(self, trouble: str) -> dict[str, Any]:
        """Let it end."""
        return cast("dict[str, Any]", self.call("trouble relieve", {"name": trouble}))

    def press(self) -> dict[str, Any]:
        """Let the patient press the button."""
        return cast("dict[str, Any]", self.call("press"))

    def add_fault(self, kind: str, **figures: str | int) -> int:
        """Let something go wrong, and return the fault's number.

        Args:
            kind: a name that `pumpmock faults` lists.
            **figures: on, times, after, chance, first, until, and those of the kind: by="300 ms".
        """
        return cast("int", self.call("fault add", {"kind": kind, **figures})["id"])

    def clear_faults(self, number: int | None = None) -> int:
        """End one fault, or all; return how many ended."""
        return cast("int", self.call("fault clear", {"number": number})["cleared"])

    def unplug(self, port: str | None = None, span: str | int | None = None) -> list[dict[str, Any]]:
        """Pull the cable out, for so long (wall time) or until it is put back."""
        return cast("list[dict[str, Any]]", self.call("unplug", {"port": port, "span": span}))

    def replug(self, port: str | None = None) -> list[dict[str, Any]]:
        """Put the cable back in."""
        return cast("list[dict[str, Any]]", self.call("replug", {"port": port}))

    def snapshot(self, file: Path) -> None:
        """Write the pump's memory to a file."""
        self.call("snapshot", {"file": str(file.absolute())})

    def restore(self, file: Path) -> None:
        """Let the pump be as a file has it."""
        self.call("restore", {"file": str(file.absolute())})

    def journal(self, last: int = 20) -> list[dict[str, Any]]:
        """Return the newest entries of its journal."""
        return cast("list[dict[str, Any]]", self.call("journal tail", {"last": last}))

    def _send(self, request: Mapping[str, Any]) -> None:
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise UnknownOutcomeError(
                f"the pump went away before it answered ({error.strerror or error}); "
                f"whether {request['verb']} was done is not known"
            ) from error

    def _line(self) -> bytes | None:
        """Return the next whole line; None where there is none any more."""
        while b"\n" not in self._unread:
            try:
                more = self._socket.recv(_READ_SIZE)
            except OSError:  # a time-out is one
                return None
            if not more:
                return None
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        return line


def _result(line: bytes) -> Any:  # noqa: ANN401 - a JSON value
    answer = json.loads(line)
    if not answer["ok"]:
        raise VerbError(answer["error"])
    return answer["result"]


def _how_to_start(path: Path, error: OSError) -> str:
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    others = sorted(str(one) for one in beside if one != path and one.is_socket())
    hint = f"; there is {', '.join(others)} (--control)" if others else ""
    return f"no pump answers on {path} ({error.strerror or error}): pumpmock serve starts one{hint}"
