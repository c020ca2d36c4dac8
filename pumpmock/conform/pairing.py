"""Which keys to try a device with: those that were named, or those in the user's folder, one pump after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.keys import BENCH_KEY, Key, KeyFileError
from protocol.vocabulary import Role
from pumpmock.conform.check import FailedError
from pumpmock.conform.rig import Keys
from pumpmock.keyring import list_keys, read_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pumpmock.conform.rig import Rig

BENCH = "bench"  # in place of a file; a file of that name is meant by its whole path


def named(files: Sequence[Path]) -> Keys:
    """Return the keys in these files, `bench` standing for the published bench key.

    Raises:
        KeyFileError: where one can't be taken, or they are not of one pump.
        OSError: where one can't be read.
    """
    keys = [BENCH_KEY if str(file) == BENCH else read_key(file) for file in files]
    pumps = sorted({key.serial_number for key in keys})
    if len(pumps) > 1:
        raise KeyFileError(
            f"the keys are of several pumps, {', '.join(filter(None, pumps))}: name those of one"
        )
    return _of_one(keys)


def at_hand(folder: Path) -> list[Keys]:
    """Return the keys in a folder, those of each pump together.

    Raises:
        KeyFileError: where there is none that can be taken.
        OSError: where the folder can't be read.
    """
    files = list_keys(folder)
    keys = [file.key for file in files if file.key is not None]
    pumps = sorted({key.serial_number for key in keys})
    if not pumps:
        problems = "; ".join(file.problem for file in files if file.problem)
        said = f"there is no key in {folder}: name one with --key FILE, or --key {BENCH}"
        raise KeyFileError(f"{said}; {problems}" if problems else said)
    return [_of_one([key for key in keys if key.serial_number == pump]) for pump in pumps]


def _of_one(keys: Iterable[Key]) -> Keys:
    ordered = sorted(keys, key=lambda key: key.role)
    viewer = next((key for key in ordered if key.role is Role.VIEWER), None)
    changer = next((key for key in ordered if key.role >= Role.TECHNICIAN), None)
    return Keys(viewer, changer)


def meet(rig: Rig, candidates: Sequence[Keys]) -> bool:
    """Find out which of the candidates the device answers to, and open a session; say whether anything was heard.

    Where something answers and no session opens, the rig is left without one.

    Raises:
        LinkError: where the line has gone.
    """
    heard = False
    for keys in (*candidates, *candidates):  # twice, as the device may be starting
        rig.keys = keys
        rig.clear()
        rig.raw = b""
        try:
            rig.open()
        except FailedError:
            rig.session = None
            heard = heard or bool(rig.raw)
        else:
            return True
    return heard


def whose(candidates: Sequence[Keys]) -> str:
    """Return the pumps that these keys are of, for a person."""
    pumps = sorted({keys.reader.serial_number for keys in candidates})
    return "a pump with the bench key" if pumps == [""] else f"pump {', '.join(pumps)}"
