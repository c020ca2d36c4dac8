"""Hostile files at every place where a program reads one: keys at both ends, limits, profiles, the saved state, open intents."""

from __future__ import annotations

import json
import os
import re
import tracemalloc
from functools import partial
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from monitor.drugs import find_rules
from monitor.intent_text import to_line
from monitor.intents import Intents
from monitor.keys import find_keys
from protocol.drugs import PatientClass
from protocol.intent import Intent
from protocol.keys import to_text
from protocol.messages import Change
from protocol.places import DRUG_LIBRARY
from protocol.strict_toml import FileError
from protocol.vocabulary import ChangeKind
from pumpmock.drug_file import library_of, seal
from pumpmock.keyring import list_keys
from pumpmock.limits_file import read_limits
from pumpmock.profile_file import find_profile, shipped_names
from pumpmock.snapshot import SnapshotError, Store
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import any_mode, any_size, key_reader_lets_errors_out
from tests.campaigns.guided import mutate_bytes, mutate_json
from tests.protocol.helpers import TECHNICIAN
from tests.pumpmock.conftest import lived_memory, new_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

_SPARSE = 100_000_000  # bytes, of which none is on the disk
_MOST_MEMORY = 50_000_000  # bytes
_DENSE = 1_000_000  # bytes of the smallest values there are: some 24 times as much in memory
_MUTATIONS = 20  # for each round and loader
_INTENT = Intent(
    b"command1", "PM-00001", bytes(range(8)), 1_767_225_600, Change(ChangeKind.RATE, 25_000), 4, 20_833
)
_LIMITS = (
    b'format = 1\nleast_rate = "0.048 mL/day"\nstep_up = "40 %"\nlockout = "60 s"\nrefusals_allowed = 3\n'
)
_LIBRARY = files("protocol").joinpath(*DRUG_LIBRARY).read_bytes()
_ODD = (
    *(b"NaN", b"-Infinity", b"nan", b"inf", b"1e999", b"-1e999", b"1e-999", b"true", b"null", b'""', b"-1"),
    *(b"18446744073709551616", b"9" * 300, b"9" * 5_000, b"0.5", b'"\\ud800"', b'"\\u0000"', b"{}", b"[]"),
    *(
        b'"1e999 mL/day"',
        b'"NaN mL/day"',
        b'"' + b"9" * 5_000 + b' mL/day"',
        b'"1e-999999999 %"',
        b"1979-05-27",
    ),
)
_VALUE = re.compile(rb'(?<=[:=\[,])\s*("[^"]*"|-?\d+)(?=\s*[,\]}\n])')


class _Loader(NamedTuple):
    """A place where a file is read.

    Attributes:
        name: what the file is called in such a place.
        good: what the program writes or a person would.
        takes: reads the file; whether it was taken, where no error is raised but those that the loader documents.
        mutate: makes a file of others.
        nested: what a deeply nested value stands behind and before.
        private: whether links, and files that others may read, have to be refused.
    """

    name: str
    good: list[bytes]
    takes: Callable[[Path], bool]
    mutate: Callable[[bytes, list[bytes], Random], bytes] = mutate_json
    nested: tuple[bytes, bytes] = (b'{"format": ', b"}\n")
    private: bool = False


class _Case(NamedTuple):
    """A file to try: `make` puts it at a path; `taken` is whether it has to be, None where both may be right."""

    said: str
    make: Callable[[Path], object]
    taken: bool | None = None


def run(
    size: int, seed: int, only: str = "", sparse: int = _SPARSE, most_memory: int = _MOST_MEMORY
) -> Achieved:
    """Try every kind of hostile file and some mutations, `size` times, at every loader or at one."""
    achieved = Achieved()
    with TemporaryDirectory() as base:
        for name, loader in _LOADERS.items():
            if only in {"", name}:
                folder = Path(base) / name
                folder.mkdir(mode=0o700)
                chance = dice(seed, name)
                for turn in range(size):
                    for case in _cases(loader, chance, sparse, first=turn == 0):
                        _try(achieved, name, loader, folder / loader.name, case, most_memory)
    return achieved


def _try(achieved: Achieved, name: str, loader: _Loader, path: Path, case: _Case, most_memory: int) -> None:
    """Put a file there, read it under a scale, and take it away."""
    case.make(path)
    where = f"{name}, {case.said}"
    tracemalloc.start()
    try:
        taken = loader.takes(path)
        peak = tracemalloc.get_traced_memory()[1]
    except Exception as error:  # noqa: BLE001 - any that the loader does not document is what is looked for
        achieved.fail(f"{where}: {type(error).__name__}: {error}")
        return
    finally:
        tracemalloc.stop()
        _remove(path)
    achieved.add(f"files tried for {name}")
    achieved.add(f"of them refused for {name}", not taken)
    if peak > most_memory:
        achieved.fail(f"{where}: took {peak} bytes of memory")
    if case.taken is not None and taken != case.taken:
        achieved.fail(f"{where}: {'taken' if taken else 'refused'}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    for beside in path.parent.iterdir():
        beside.unlink()


def _written(data: bytes, mode: int = 0o600) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        path.write_bytes(data)
        path.chmod(mode)

    return make


def _cases(loader: _Loader, chance: Random, sparse: int, *, first: bool) -> Iterator[_Case]:
    """Yield one of every kind, with what varies drawn anew; those that never vary in the first round only."""
    good = chance.choice(loader.good)
    yield _Case("as it should be", _written(good), taken=True)
    if first:
        yield from _always_alike(loader, good, sparse)
    yield _Case(
        "not UTF-8", _written(chance.choice((b"\xff\xfe", b"\xc3", b"\xed\xa0\x80")) + good), taken=False
    )
    yield _Case("cut short", _written(good[: chance.randrange(len(good))]))
    places = list(_VALUE.finditer(good))
    for odd in _ODD:
        at = chance.choice(places)
        yield _Case(f"{odd[:20]!r} at {at.start(1)}", _written(good[: at.start(1)] + odd + good[at.end(1) :]))
    at = chance.choice(places)
    yield _Case(f"twice what is at {at.start()}", _written(good[: at.end()] + b"," + good[at.start() :]))
    for _ in range(_MUTATIONS):
        changed = loader.mutate(good, loader.good, chance)
        yield _Case(f"{changed[:200]!r}", _written(changed + b"\n"))


def _always_alike(loader: _Loader, good: bytes, sparse: int) -> Iterator[_Case]:
    before, after = loader.nested
    for depth in (500, 1_500, 100_000):
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"), (b"[", b"")):
            deep = before + opening * depth + b"1" + closing * depth + after
            yield _Case(f"{depth} deep of {opening!r}", _written(deep), taken=False)
    yield _Case("dense", _written(before + b"[" + b"{}," * (_DENSE // 3) + b"1]" + after), taken=False)
    yield _Case("empty", _written(b""), taken=False)
    doubled = good.replace(b"{", b'{"format": 1, ', 1) if good.startswith(b"{") else b"format = 1\n" + good
    yield _Case("a key twice", _written(doubled), taken=False if loader.private else None)
    yield _Case("sparse", partial(_sparse, sparse), taken=False)
    yield _Case("a pipe", lambda path: os.mkfifo(path, 0o600), taken=False)
    yield _Case("a folder", lambda path: path.mkdir(0o700), taken=False)
    yield _Case("a link to itself", lambda path: path.symlink_to(path), taken=False)
    yield _Case("a link to zeros without end", lambda path: path.symlink_to("/dev/zero"), taken=False)
    yield _Case("a link to such a file", partial(_linked, good), taken=False if loader.private else None)
    for mode in (0o644, 0o620, 0o777):
        yield _Case(f"mode {mode:o}", _written(good, mode), taken=False if loader.private else None)


def _sparse(size: int, path: Path) -> None:
    _written(b"")(path)
    os.truncate(path, size)


def _linked(good: bytes, path: Path) -> None:
    target = path.with_name("elsewhere")
    _written(good)(target)
    path.symlink_to(target)


def _monitor_takes_key(path: Path) -> bool:
    found = find_keys(path.parent)
    assert len(found.keys) + len(found.problems) == 1
    return bool(found.keys)


def _pump_takes_key(path: Path) -> bool:
    (found,) = list_keys(path.parent)
    assert (found.key is None) == bool(found.problem)
    return found.key is not None


def _takes_limits(path: Path) -> bool:
    try:
        read_limits(path)
    except (FileError, OSError):
        return False
    return True


def _takes_profile(path: Path) -> bool:
    try:
        find_profile(str(path))
    except ValueError:
        return False
    return True


def _pump_takes_library(path: Path) -> bool:
    try:
        seal(path)  # without it, nothing that was changed would be looked at any closer
        return library_of(path).name != ""
    except (FileError, OSError):
        return False


def _monitor_takes_library(path: Path) -> bool:
    try:
        return find_rules(str(path), "baclofen", PatientClass.SPINAL).drug is not None
    except (FileError, OSError):
        return False


def _takes_state(path: Path) -> bool:
    store = Store(path)
    try:
        return store.load() is not None
    except (SnapshotError, OSError):
        return False
    finally:
        store.close()


def _takes_intent(path: Path) -> bool:
    found = Intents(path.parent).look()
    assert len(found.noted) + len(found.problems) == 1
    return bool(found.noted)


def _profiles() -> list[bytes]:
    folder = files("pumpmock") / "profiles"
    return [(folder / f"{name}.toml").read_bytes() for name in shipped_names()]


def _states() -> list[bytes]:
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "pump.json")
        try:
            saved = []
            for memory in (new_memory(), lived_memory()):
                store.save(memory)
                saved.append(store.path.read_bytes())
        finally:
            store.close()
    return saved


_KEY = [to_text(TECHNICIAN).encode(), json.dumps(json.loads(to_text(TECHNICIAN))).encode()]
_LOADERS = {
    "a key at the monitor": _Loader("PM-00001.technician.key", _KEY, _monitor_takes_key, private=True),
    "a key at the pump": _Loader("PM-00001.technician.key", _KEY, _pump_takes_key, private=True),
    "limits": _Loader("limits.toml", [_LIMITS], _takes_limits, mutate_bytes, (b"format = ", b"\n")),
    "a profile": _Loader("pump.toml", _profiles(), _takes_profile, mutate_bytes, (b"format = ", b"\n")),
    "a drug library at the pump": _Loader(
        "drugs.toml", [_LIBRARY], _pump_takes_library, mutate_bytes, (b"format = ", b"\n")
    ),
    "a drug library at the monitor": _Loader(
        "drugs.toml", [_LIBRARY], _monitor_takes_library, mutate_bytes, (b"format = ", b"\n")
    ),
    "the saved state": _Loader("pump.json", _states(), _takes_state),
    "an open intent": _Loader(
        f"PM-00001.{_INTENT.command_id.hex()}.intent", [to_line(_INTENT)], _takes_intent
    ),
}

CAMPAIGN = Campaign(
    number=20,
    name="hostile files",
    promise="no file that stands where a key, limits, a profile, a drug library, the saved state or an open intent is looked for, be it of "
    "100,000,000 bytes, without an end, nested or mangled, does more to its reader than to be refused, and none takes "
    "50,000,000 bytes of memory (saved states between 1,000,000 bytes and their bound aside); keys are read from owner-only files alone",
    run=run,
    controls={
        "limits that are read whatever their size": under(
            any_size, partial(run, only="limits", sparse=4_000_000, most_memory=2_000_000)
        ),
        "a reader of keys that lets JSON's own errors out": under(
            key_reader_lets_errors_out, partial(run, only="a key at the monitor")
        ),
        "a pump that takes keys which others can read": under(
            any_mode, partial(run, only="a key at the pump")
        ),
    },
    counts=f"rounds of some 50 files at each of eight readers, {_MUTATIONS} of them random mutations",
    short=4,
    full=500,
)
