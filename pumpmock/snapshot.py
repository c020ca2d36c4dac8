"""The state that survives: one JSON file, replaced whole, that a kill at any instant leaves either old or new.

The ledger of revisions is written before the motor follows it, so it may be one line ahead of the pump; reading the file
makes up for that. A file that is damaged is refused with the key at fault, never half-loaded.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from protocol.fields import specs
from protocol.keys import check_serial_number
from protocol.ledger import VOID_KEPT, Applied, Ledger
from protocol.messages import MOST_RATE_NL_H, Change, Step
from protocol.vocabulary import ChangeKind
from pumpmock.files import create_draft, read_ordinary
from pumpmock.model.plain import figure, items, members
from pumpmock.model.pump import Pump

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT = 1
_KEYS = {"format", "serial_number", "store_id", "boot", "revision", "ledger", "void", "ahead", "pump"}
_STORE_ID_HEX = _COMMAND_ID_HEX = 16
_MOST_BYTES = 16 * 1024 * 1024  # some 250,000 changes
_MOST_BOOT = 0xFFFF_FFFE  # four bytes on the wire, and the next start counts


class SnapshotError(ValueError):
    """A state file can't be taken; the message names the file and what is wrong with it."""


class InDoubtError(Exception):
    """The state file was replaced and may or may not outlast a power cut: nothing may be said on the strength of it.

    Not an OSError, which means that the old file is whole. Whoever serves the pump ends, and the next start finds out.
    """


@dataclass(slots=True)
class Memory:
    """All of a pump that outlives its process.

    Attributes:
        serial_number: who it is.
        store_id: 8 bytes that were drawn when this memory was new.
        boot: starts so far, this one included.
        revision: the newest revision that the motor follows.
        ledger: all changes applied.
        pump: the model.
        ahead: the newest change of the ledger, as long as the motor does not follow it.
    """

    serial_number: str
    store_id: bytes
    boot: int
    revision: int
    ledger: Ledger
    pump: Pump
    ahead: Change | None = None

    def follow(self, line: Applied) -> None:
        """Let the motor take the revision that is in the ledger."""
        if self.ahead is None:
            raise ValueError(f"what revision {line.revision} changes is missing")
        self.pump.apply(self.ahead, overridden=line.overridden)
        self.revision, self.ahead = line.revision, None


class Store:
    """A state file that one process owns.

    Args:
        path: where it is or will be.

    Raises:
        SnapshotError: where another process has it.
        OSError: where its folder can't be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        lock = path.with_name(path.name + ".lock")
        self._lock = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise SnapshotError(
                f"{path} is in use by another pumpmock: stop it, or choose another file"
            ) from error

    def load(self) -> Memory | None:
        """Return the memory in the file, None where there is no file yet.

        Raises:
            SnapshotError: where the file is not what `save` wrote.
            OSError: where it can't be read.
        """
        try:
            return loaded_memory(json.loads(read_ordinary(self.path, _MOST_BYTES).decode()))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            said = f"{self.path} is not a pump's state: {error}; move it away to begin with a new pump"
            raise SnapshotError(said) from error

    def save(self, memory: Memory) -> None:
        """Replace the file by `memory`, on the disk before this returns.

        Raises:
            OSError: where it can't be written; the old file is still whole then.
            InDoubtError: where it was written and can't be made to last. docs/decisions/0023-fail-stop.md
        """
        draft = self.path.with_name(self.path.name + ".new")
        with open(create_draft(draft), "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            json.dump(dumped_memory(memory), file, separators=(",", ":"))
            file.flush()
            if os.fstat(file.fileno()).st_size > _MOST_BYTES:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(self.path))  # no start would take it
            os.fsync(file.fileno())
        # Opened before the file is replaced, so that want of a descriptor is found while the old one is there.
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            draft.replace(self.path)
            try:
                os.fsync(folder)
            except OSError as error:
                said = f"{self.path} was written, but not surely to the disk ({error.strerror or error})"
                raise InDoubtError(f"{said}: the pump stops without an answer; start it again") from error
        finally:
            os.close(folder)

    def close(self) -> None:
        """Give the file up."""
        os.close(self._lock)


def dumped_memory(memory: Memory) -> dict[str, Any]:
    """Return a memory as plain JSON values: what a state file holds."""
    return {
        "format": _FORMAT,
        "serial_number": memory.serial_number,
        "store_id": memory.store_id.hex(),
        "boot": memory.boot,
        "revision": memory.revision,
        "ledger": [
            [line.command_id.hex(), int(line.kind), line.rate_nl_h, line.pump_time_us, int(line.overridden)]
            for line in memory.ledger.lines
        ],
        "void": [command_id.hex() for command_id in memory.ledger.void],
        "ahead": None if memory.ahead is None else asdict(memory.ahead),
        "pump": memory.pump.to_dict(),
    }


def loaded_memory(content: Any) -> Memory:  # noqa: ANN401 - whatever JSON holds
    """Return the memory that `dumped_memory` described; the motor follows what its ledger had ahead.

    Raises:
        ValueError, KeyError, TypeError, RecursionError: where it is something else; no memory exists then.
    """
    if not isinstance(content, dict) or set(content) != _KEYS or content["format"] != _FORMAT:
        raise ValueError(f"it is not of format {_FORMAT}")
    rows = items(content["ledger"], "ledger")
    void = items(content["void"], "void")
    if len(void) > VOID_KEPT:
        raise ValueError(f"void has more than {VOID_KEPT} entries")
    ledger = Ledger(
        (_line(row, place) for place, row in enumerate(rows, start=1)),
        (_hex(command_id, _COMMAND_ID_HEX, "void") for command_id in void),
    )
    memory = Memory(
        check_serial_number(content["serial_number"]),
        _hex(content["store_id"], _STORE_ID_HEX, "store_id"),
        figure(content["boot"], "boot", most=_MOST_BOOT),
        figure(content["revision"], "revision"),
        ledger,
        Pump.from_dict(content["pump"]),
        None if content["ahead"] is None else _change(content["ahead"]),
    )
    if memory.revision == ledger.revision - 1:
        memory.follow(ledger.lines[-1])
    if memory.revision != ledger.revision or memory.ahead is not None:
        raise ValueError(f"revision {memory.revision} is not the ledger's, {ledger.revision}")
    return memory


def copied(memory: Memory) -> Memory:
    """Return a memory as a start would find it."""
    return loaded_memory(json.loads(json.dumps(dumped_memory(memory))))


def _line(row: Any, place: int) -> Applied:  # noqa: ANN401 - whatever JSON holds
    where = f"ledger line {place}"
    command_id, kind, rate, time_us, overridden = items(row, where)
    return Applied(
        place,
        _hex(command_id, _COMMAND_ID_HEX, where),
        ChangeKind(figure(kind, where)),
        figure(rate, where, most=MOST_RATE_NL_H),
        figure(time_us, where),
        bool(figure(overridden, where, most=1)),
    )


def _change(data: Any) -> Change:  # noqa: ANN401 - whatever JSON holds
    found = members(data, "ahead", tuple(specs(Change)))
    figures = {
        name: figure(found[name], f"ahead.{name}", spec.least, spec.most or 0)
        for name, spec in specs(Change).items()
        if spec.record is None and spec.choices is None
    }
    steps = (
        members(step, "ahead.steps", tuple(specs(Step))) for step in items(found["steps"], "ahead.steps")
    )
    kind = ChangeKind(figure(found["kind"], "ahead.kind"))
    return Change(kind, **figures, steps=tuple(_step(step) for step in steps))


def _step(found: dict[str, Any]) -> Step:
    return Step(
        **{
            name: figure(found[name], f"ahead.steps.{name}", spec.least, spec.most or 0)
            for name, spec in specs(Step).items()
        }
    )


def _hex(value: Any, digits: int, where: str) -> bytes:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{digits}}}", value):
        raise ValueError(f"{where} is not {digits} hexadecimal digits")
    return bytes.fromhex(value)
