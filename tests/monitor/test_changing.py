"""What this host keeps of its changes, on a real port: noted before they are sent, asked about before anything else."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from monitor.errors import OutcomeUnknownError, RefusedError
from monitor.intents import Intents, default_folder
from monitor.keys import Keyring
from protocol.machines import Stage
from protocol.messages import Change, Commit, Poll, Prepare, Prepared, Resolve, Status
from protocol.vocabulary import ChangeKind, Verdict
from tests.monitor.conftest import RATE_NL_H, SERIAL_NUMBER, LivePump, codes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.client import PumpClient

NEW_NL_H = 25_000


@pytest.fixture
def pump(live: LivePump) -> Iterator[PumpClient]:
    with live.connect() as client:
        yield client


def prepare(pump: PumpClient, rate_nl_h: int = NEW_NL_H) -> Prepared:
    return pump.prepare(Change(ChangeKind.RATE, rate_nl_h), seen=pump.status())


def files() -> list[Path]:
    return sorted(default_folder().iterdir()) if default_folder().exists() else []


def requests(live: LivePump) -> list[int]:
    """Return the list that the types of all requests from now on are put into."""
    codes: list[int] = []

    def noted(data: bytes, answer: Callable[[bytes], bytes]) -> bytes:
        codes.extend(codes_in(data))
        return answer(data)

    live.spoil = noted
    return codes


def leave(live: LivePump, *, applied: bool, keep: PumpClient | None = None) -> Prepared:
    """Leave a change without a verdict behind, as a monitor does that ends while it waits for the answer to its commit."""
    pump = keep or live.connect()
    prepared = prepare(pump)
    live.on_request(Commit.code, live.port.unplug, serve_first=applied)
    with pytest.raises(OutcomeUnknownError):
        pump.commit(prepared)
    live.call(live.port.replug)
    if keep is None:
        pump.close()
    return prepared


# --- on the disk first ----------------------------------------------------------------------------------------------


class Witness:
    """Writes down what reaches the disk and what leaves on the wire, in order.

    Attributes:
        events: the stage of each line that is on the disk for good, and the type of each frame that was sent.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, pump: PumpClient) -> None:
        self.events: list[str] = []
        fsync, write = os.fsync, pump._line._line.write

        def synced(descriptor: int) -> None:
            fsync(descriptor)
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                last = os.pread(descriptor, 65_536, 0).splitlines()[-1]
                self.events.append(f"disk {json.loads(last)['stage']}")

        def sent(data: bytes) -> None:
            names = {Prepare.code: "Prepare", Commit.code: "Commit", Resolve.code: "Resolve"}
            self.events += [f"wire {names[code]}" for code in codes_in(data) if code in names]
            write(data)

        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(pump._line._line, "write", sent)

    def early(self) -> list[str]:
        """Return what was sent before what it rests on was on the disk."""
        needed = {"wire Prepare": "disk INTENDED", "wire Commit": "disk COMMITTING"}
        return [
            event
            for place, event in enumerate(self.events)
            if event in needed and needed[event] not in self.events[:place]
        ]


def test_what_is_sent_was_on_the_disk_before(
    live: LivePump, pump: PumpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness(monkeypatch, pump)
    pump.commit(prepare(pump))
    assert witness.events == ["disk INTENDED", "wire Prepare", "disk COMMITTING", "wire Commit"]
    assert witness.early() == []
    assert live.rate_nl_h == NEW_NL_H


@pytest.mark.parametrize("late", ["wire Prepare", "wire Commit"])
def test_control_a_note_that_comes_after_the_bytes_is_found_out(
    pump: PumpClient, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    witness = Witness(monkeypatch, pump)
    note, write = pump._changes._intents.note, pump._line._line.write
    put_off: list[object] = []

    def note_later(intent: object) -> None:
        first = getattr(intent, "stage", None) is Stage.INTENDED
        if first == (late == "wire Prepare"):
            put_off.append(intent)
        else:
            note(intent)  # type: ignore[arg-type]

    def write_first(data: bytes) -> None:
        write(data)
        while put_off:
            note(put_off.pop())  # type: ignore[arg-type]

    monkeypatch.setattr(pump._changes._intents, "note", note_later)
    monkeypatch.setattr(pump._line._line, "write", write_first)
    pump.commit(prepare(pump))
    assert witness.early() == [late]


def test_nothing_is_sent_of_a_change_that_can_not_be_noted(live: LivePump, pump: PumpClient) -> None:
    seen = pump.status()
    default_folder().parent.mkdir(parents=True, exist_ok=True)
    default_folder().write_text("no folder")
    codes = requests(live)
    with pytest.raises(RefusedError, match="can't be read"):
        pump.prepare(Change(ChangeKind.RATE, NEW_NL_H), seen=seen)
    assert codes == []
    assert "changes may be noted there" in pump.problem
    default_folder().unlink()
    assert pump.commit(prepare(pump)).revision == 1
    assert pump.problem == ""


def test_a_commit_that_can_not_be_noted_is_not_sent_and_the_place_is_free_at_once(
    live: LivePump, pump: PumpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare(pump)
    codes = requests(live)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(RefusedError, match=r"can't be noted in .* \(No space left on device"):
            pump.commit(prepared)
    assert codes == [Resolve.code]
    assert files() == []
    assert pump.unresolved == ()
    assert live.rate_nl_h == RATE_NL_H
    assert pump.commit(prepare(pump)).revision == 1


def test_a_figure_that_no_message_carries_is_refused_and_not_even_noted(
    live: LivePump, pump: PumpClient
) -> None:
    codes = requests(live)
    with pytest.raises(RefusedError, match=r"no pump can be asked for that: .*rate_nl_h"):
        prepare(pump, 1 << 32)
    assert codes == [Poll.code]
    assert files() == []


@pytest.mark.parametrize("kind", [ChangeKind.RATE, ChangeKind.STOP])
def test_a_change_with_a_verdict_leaves_no_note(pump: PumpClient, kind: ChangeKind) -> None:
    rate = NEW_NL_H if kind is ChangeKind.RATE else 0
    prepared = pump.prepare(Change(kind, rate), seen=pump.status())
    assert len(files()) == 1
    pump.commit(prepared)
    assert files() == []
    with pytest.raises(RefusedError):
        prepare(pump, 1)  # refused by the pump
    assert files() == []


# --- damage -----------------------------------------------------------------------------------------------------------


def test_a_damaged_note_is_told_and_nothing_is_changed_until_it_is_gone(
    live: LivePump, pump: PumpClient
) -> None:
    prepare(pump)
    pump.close()
    (path,) = files()
    path.write_bytes(b"{}\n")
    with live.connect() as again:
        assert again.problem.startswith(f"{path} is not what this program wrote")
        assert isinstance(again.status().status, Status)
        with pytest.raises(RefusedError, match="look at the pump's rate, then remove the file"):
            prepare(again)
        path.unlink()
        assert prepare(again).new_rate_nl_h == NEW_NL_H
        assert again.problem == ""


def test_a_note_that_can_not_be_removed_is_asked_about_once_a_monitor(
    live: LivePump, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(live, applied=True)
    monkeypatch.setattr(Intents, "forget", Intents.let_go)
    codes = requests(live)
    with live.connect() as pump:
        for _ in range(3):
            pump.settle()
        assert codes.count(Resolve.code) == len(pump.settled) == 1
        assert pump.unresolved == ()
        assert pump.commit(prepare(pump)).revision == 2


def test_an_interrupted_wait_leaves_the_change_noted_and_in_doubt(
    live: LivePump, pump: PumpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare(pump)
    with monkeypatch.context() as patch:
        patch.setattr(pump._line, "_await", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            pump.commit(prepared)
    assert [intent.command_id for intent in pump.unresolved] == [prepared.command_id]
    assert [one.under_way for one in Intents().look().noted] == [False]
    pump.settle()
    assert [outcome.verdict for _, outcome in pump.settled] == [Verdict.APPLIED]
    assert live.rate_nl_h == NEW_NL_H


def test_a_pump_of_another_keyring_is_no_affair_of_this_one(live: LivePump) -> None:
    leave(live, applied=True)
    (path,) = files()
    other = path.with_name(path.name.replace(SERIAL_NUMBER, "PM-00002"))
    other.write_bytes(path.read_bytes().replace(SERIAL_NUMBER.encode(), b"PM-00002"))
    with live.connect(keyring=Keyring(live.keys_folder, live.keyring.keys, ())) as pump:
        assert (len(pump.settled), pump.unresolved, pump.problem) == (1, (), "")
    assert files() == [other]
