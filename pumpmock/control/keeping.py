"""A pump's memory put into a file of its own, and put back: `snapshot` and `restore`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pumpmock.control.verb import VerbError
from pumpmock.files import create_draft, read_ordinary
from pumpmock.snapshot import InDoubtError, dumped_memory, loaded_memory

if TYPE_CHECKING:
    from pumpmock.emulator import Emulator
    from pumpmock.snapshot import Memory

_MOST_BYTES = 16 * 1024 * 1024  # as of a state file


def snapshot(emulator: Emulator, file: str) -> dict[str, Any]:
    """Write the pump's memory as it is now to a file, whole or not at all; of what is there only a state is replaced.

    Raises:
        VerbError: where something else is in the way.
        OSError: where it can't be written.
    """
    path = _absolute(file)
    try:
        _read(path)
    except FileNotFoundError:
        pass
    except VerbError as error:
        raise VerbError(f"{path} is there and is not a pump's state: choose another file") from error
    emulator.do(lambda: None)  # come to the present
    draft = path.with_name(path.name + ".new")
    with open(create_draft(draft), "w", encoding="utf-8") as out:  # noqa: PTH123 - a descriptor
        json.dump(dumped_memory(emulator.device.memory), out, separators=(",", ":"))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    return {"file": str(path), "pump_time_us": emulator.device.pump.clock.now_us}


def restore(emulator: Emulator, file: str) -> dict[str, Any]:
    """Let the pump be as a file has it, and start; every host has to greet anew.

    Raises:
        VerbError: where it is no state, or another pump's.
        OSError: where it can't be read, or the pump's own state not be written.
    """
    path = _absolute(file)
    memory, own = _read(path), emulator.device.memory
    if memory.serial_number != own.serial_number:
        raise VerbError(
            f"{path} is the state of {memory.serial_number}, and this pump is {own.serial_number}"
        )
    try:
        emulator.restore(memory)
    except InDoubtError as doubt:
        emulator.stop(doubt)
    return {"file": str(path), "boot": memory.boot, "pump_time_us": emulator.device.pump.clock.now_us}


def _absolute(file: str) -> Path:
    path = Path(file)
    if not path.is_absolute():
        raise VerbError(f"{file} is not a whole path: the pump may run in another folder")
    return path


def _read(path: Path) -> Memory:
    try:
        return loaded_memory(json.loads(read_ordinary(path, _MOST_BYTES)))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise VerbError(f"{path} is not a pump's state: {error}") from error
