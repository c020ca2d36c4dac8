"""An hour in the life of a pump to which everything happens: `python -m tests.soak --seconds 3600 --seed 1`.

The emulator is the real program, at ten thousand times real time, on all its ports at once, with its state on the disk.
Hosts read and change it, a vandal floods it and leaves in the middle of requests, and faults drawn at random from the
whole table strike it at every seam. In the end, with all faults cleared, every port must serve the next host, the
volumes must add up, and the process must have as many threads and descriptors as before the first host, and no more
memory than after its first tenth.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.client import PumpClient
from monitor.errors import LinkError, OutcomeUnknownError, RefusedError
from monitor.intents import Intents
from monitor.keys import bench_keyring
from protocol.messages import Change
from protocol.vocabulary import ChangeKind, Refusal
from pumpmock.control.client import Control
from pumpmock.control.verb import VerbError
from pumpmock.faults import KINDS
from pumpmock.snapshot import loaded_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.messages import Status
    from pumpmock.faults.kinds import Figure, Kind

SPEED = "10000"
LONGEST_FAULT_MS = 1_500  # of the link: what a host's patience is about
_PATIENCE_S = 60.0  # only reached where something is broken
_QUIET_S = 0.4  # between two things that happen to the pump, on average
_KB = 1_024
_LOOKS = 20
_LONG_S = 600  # from so long on, memory has settled and is judged


@dataclass
class Findings:
    """What a soak came to.

    Attributes:
        struck: faults added, by kind.
        refused: faults that did not go with what was there.
        readings: read by hosts.
        changes: applied, as hosts were told.
        refusals: of the pump, as hosts were told.
        unanswered: times that a host met silence or a dead link.
        memory_kb: the process's resident memory, at regular instants.
        wrong: what must not be, in sentences.
    """

    struck: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    readings: int = 0
    changes: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    unanswered: int = 0
    memory_kb: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the figures that a run ends with."""
        missing = sorted(set(KINDS) - set(self.struck))
        first, last = self.memory_kb[len(self.memory_kb) // 10], self.memory_kb[-1]
        lines = [
            f"{sum(self.struck.values())} faults of {len(self.struck)} kinds ({self.refused} refused)",
            f"{self.readings} readings, {self.changes} changes, {sum(self.refusals.values())} refusals {self.refusals}, {self.unanswered} times no answer",
            f"memory {first} kB after the first tenth, {last} kB at the end",
            *([f"not once: {', '.join(missing)}"] if missing else []),
            *(f"WRONG: {sentence}" for sentence in self.wrong),
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class Pump:
    """The process under test.

    Attributes:
        process: of it.
        ports: URLs by their kind.
        control: its socket.
        folder: of its files.
    """

    process: subprocess.Popen[str]
    ports: dict[str, str]
    control: Path
    folder: Path

    def counts(self) -> tuple[int, int]:
        """Return its threads and descriptors."""
        own = Path("/proc", str(self.process.pid))
        return len(list((own / "task").iterdir())), len(list((own / "fd").iterdir()))

    def memory_kb(self) -> int:
        """Return its resident memory."""
        pages = int(Path("/proc", str(self.process.pid), "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // _KB


@contextlib.contextmanager
def serving(folder: Path, seed: int) -> Iterator[Pump]:
    """Serve a pump on all its ports; it must end by itself when it is asked to."""
    command = [sys.executable, "-m", "pumpmock", "serve", "--json", "--bench-key", "--limits", "none"]
    command += [
        "--speed",
        SPEED,
        "--seed",
        str(seed),
        "--profile",
        "bench",
        "--state",
        str(folder / "pump.json"),
    ]
    command += ["--pty", str(folder / "pump"), "--tcp", "127.0.0.1:0", "--rfc2217", "127.0.0.1:0"]
    with (
        (folder / "stderr").open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        reader = threading.Thread(target=lambda: process.stdout and process.stdout.read(), daemon=True)
        reader.start()
        try:
            yield Pump(process, ready["ports"], Path(ready["control"]), folder)
        finally:
            process.terminate()
            reader.join(_PATIENCE_S)
            process.wait(_PATIENCE_S)


def soak(seconds: float, seed: int, told: Callable[[str], None] = lambda _line: None) -> Findings:
    """Run one, and return what came of it.

    Args:
        seconds: of wall time.
        seed: of everything that is drawn here; what threads do when is not.
        told: told how far it has come, a few times a minute.
    """
    found = Findings()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        with serving(folder, seed) as pump:
            _meet_once(pump)
            before = _settled(pump)
            over = threading.Event()
            people = [
                threading.Thread(target=_attend, args=(url, folder / kind, over, found, _draw(seed, kind)))
                for kind, url in pump.ports.items()
            ]
            people.append(threading.Thread(target=_vandalise, args=(pump, over, _draw(seed, "vandal"))))
            for person in people:
                person.start()
            try:
                _torment(pump, seconds, _draw(seed, "torment"), found, told)
            finally:
                over.set()
                for person in people:
                    person.join(_PATIENCE_S)
            found.wrong += _aftermath(pump, before)
            found.wrong += _memory(found.memory_kb) if seconds >= _LONG_S else []
        if pump.process.returncode:
            found.wrong.append(
                f"it ended with {pump.process.returncode}: {(folder / 'stderr').read_text()[-2_000:]}"
            )
    return found


def _draw(seed: int, whose: str) -> random.Random:
    return random.Random(f"{seed} {whose}")  # noqa: S311 - misfortune, not a secret


def _meet_once(pump: Pump) -> None:
    """Use every port once, so that what is made at its first use is there."""
    for url in pump.ports.values():
        with PumpClient(url, keyring=bench_keyring()) as client:
            client.status()
    with Control(pump.control) as control:
        control.status()
        control.snapshot(pump.folder / "first.json")


def _settled(pump: Pump) -> tuple[int, int]:
    """Return the least threads and descriptors that it has while nobody is there: what hosts leave takes it some turns."""
    counts = []
    for _ in range(_LOOKS):
        counts.append(pump.counts())
        time.sleep(0.05)
    return min(counts)


def _torment(
    pump: Pump, seconds: float, draw: random.Random, found: Findings, told: Callable[[str], None]
) -> None:
    began_s = time.monotonic()
    every_s = min(10.0, seconds / 20)
    while (gone_s := time.monotonic() - began_s) < seconds and pump.process.poll() is None:
        if gone_s >= every_s * len(found.memory_kb):
            found.memory_kb.append(pump.memory_kb())
            told(f"{gone_s:.0f} s of {seconds:.0f}: {sum(found.struck.values())} faults, {found.readings} readings, "
                 f"{found.changes} changes, {found.memory_kb[-1]} kB")  # fmt: skip
        with Control(pump.control) as control:
            _happen(control, pump, draw, found)
        time.sleep(draw.expovariate(1 / _QUIET_S))


def _happen(control: Control, pump: Pump, draw: random.Random, found: Findings) -> None:
    """Let one thing happen to the pump."""
    what = draw.random()
    if what < 0.1:
        control.call("fault clear")
    elif what < 0.15:
        control.call("press")
    elif what < 0.18:
        control.call("advance", {"span": draw.choice(["1 min", "3 h", "2 days"])})
    elif what < 0.2:  # by then it is empty or at the end of its service
        control.call("restore", {"file": str(pump.folder / "first.json")})
    else:
        kind = draw.choice(list(KINDS.values()))
        try:
            control.call("fault add", {"kind": kind.name, **_figures(kind, draw)})
        except VerbError:
            found.refused += 1
        else:
            found.struck[kind.name] = found.struck.get(kind.name, 0) + 1


def _figures(kind: Kind, draw: random.Random) -> dict[str, Any]:
    figures = {
        figure.name: _figure(figure, draw)
        for figure in kind.figures
        if figure.is_needed or figure.key == "for"
    }
    if not kind.lasts and draw.random() < 0.5:
        figures["times"] = draw.choice([1, 2, 5])
    return figures


def _figure(figure: Figure, draw: random.Random) -> int | str:
    if figure.words:
        return draw.choice(figure.words)
    if figure.is_word:
        return "9.9"  # the one word that is needed and not listed is a version
    most = LONGEST_FAULT_MS if figure.unit == "ms" else figure.least + 100_000
    return draw.randint(figure.least, min(figure.most, most))


def _attend(url: str, notes: Path, over: threading.Event, found: Findings, draw: random.Random) -> None:
    """Be a host that reads and changes, and comes again however it was thrown out."""
    try:
        while not over.is_set():
            _visit(url, notes, over, found, draw)
    except Exception:  # noqa: BLE001 - whatever it is, it must not be
        found.wrong.append(f"a host broke down:\n{traceback.format_exc()}")


def _visit(url: str, notes: Path, over: threading.Event, found: Findings, draw: random.Random) -> None:
    try:
        with PumpClient(url, keyring=bench_keyring(), intents=Intents(notes)) as client:
            while not over.wait(draw.uniform(0, 0.1)):
                reading = client.status()
                found.readings += 1
                if draw.random() < 0.1:
                    client.commit(client.prepare(_wanted(reading.status, draw), seen=reading))
                    found.changes += 1
    except RefusedError as refused:
        # 0 is the client's own word: what it committed did not reach the pump, and never will.
        name = Refusal(refused.reason).name.lower() if refused.reason else "never_reached"
        found.refusals[name] = found.refusals.get(name, 0) + 1
    except (LinkError, OutcomeUnknownError):
        found.unanswered += 1
        over.wait(0.1)


def _wanted(status: Status, draw: random.Random) -> Change:
    if status.reservoir_nl < status.capacity_nl // 3:
        return Change(
            ChangeKind.REFILL,
            withdrawn_nl=status.reservoir_nl,
            volume_nl=status.capacity_nl,
            concentration_ug_ml=status.concentration_ug_ml,
        )
    kind = draw.choice([ChangeKind.RATE, ChangeKind.RATE, ChangeKind.STOP, ChangeKind.RESUME])
    return Change(kind, draw.randint(10_000, 60_000)) if kind is ChangeKind.RATE else Change(kind)


def _vandalise(pump: Pump, over: threading.Event, draw: random.Random) -> None:
    """Be a host that sends anything, reads nothing, and leaves in the middle."""
    addresses = [pump.ports[kind].partition("://")[2].rpartition(":") for kind in ("tcp", "rfc2217")]
    while not over.wait(draw.uniform(0, 0.5)):
        host, _, port = draw.choice(addresses)
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1) as line:
            for _ in range(draw.choice([1, 1, 3, 200])):
                line.sendall(draw.randbytes(draw.choice([1, 40, 4_096])))


def _aftermath(pump: Pump, before: tuple[int, int]) -> list[str]:
    """Return what is wrong with the pump once every fault is cleared and everybody has left."""
    wrong = []
    if pump.process.poll() is not None:
        return ["it had ended before it was asked to"]
    with Control(pump.control) as control:
        control.call("fault clear")
        left = control.call("fault list")
        if left:
            wrong.append(f"faults are still there: {left}")
        control.call("replug")
        control.call("freeze")
        control.snapshot(pump.folder / "last.json")
    # Whoever reads a memory anew adds all its volumes up.
    loaded_memory(json.loads((pump.folder / "last.json").read_text())).pump.truth()
    for kind, url in pump.ports.items():
        try:
            with PumpClient(url, keyring=bench_keyring()) as client:
                client.status()
        except LinkError as error:
            wrong.append(f"{kind} does not serve the next host: {error}")
    after = _settled(pump)
    if after > before:
        wrong.append(f"threads and descriptors were {before} and are {after}")
    return wrong


def _memory(samples_kb: list[int]) -> list[str]:
    """Return whether memory has grown: the last tenth against the second."""
    tenth = max(1, len(samples_kb) // 10)
    early = sorted(samples_kb[tenth : 2 * tenth])[tenth // 2]
    late = sorted(samples_kb[-tenth:])[tenth // 2]
    allowed_kb = early // 20
    if late > early + allowed_kb:
        return [f"memory has grown from {early} to {late} kB"]
    return []


def main() -> int:
    """Run one as the command line says; return 1 where something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3_600, help="of wall time (default: an hour)")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(2**32), help="default: a new one"
    )
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-state-") as state:
        os.environ["XDG_STATE_HOME"] = state  # what hosts note of their changes
        found = soak(arguments.seconds, arguments.seed, lambda line: print(line, file=sys.stderr, flush=True))
    print(found)
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
