"""What a live pump has for those who wait and for those who await: where it is, how it is, what is done to and expected of it.

Every call is handed over to the pumps' thread, and is over when it returns.
"""

from __future__ import annotations

import copy
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from protocol.strict_toml import meant, shown
from pumpmock.control.verbs import VERBS
from pumpmock.model.troubles import Trouble
from pumpmock.scenario.reading import read_scenario
from pumpmock.scenario.served import Served, check_served
from pumpmock.snapshot import dumped_memory, loaded_memory
from pumpmock.testing.expectations import WITHIN, Expectation, UnmetError
from pumpmock.testing.parts import PumpClock, PumpFaults, PumpJournal, PumpWall
from pumpmock.testing.sightings import Sighting, Wanted
from pumpmock.testing.spans import Span, span_us, text_of
from pumpmock.testing.text import NEWEST
from pumpmock.testing.violations import Violation, violations

if TYPE_CHECKING:
    import concurrent.futures
    from collections.abc import Callable

    from protocol.keys import Key
    from pumpmock.emulator import Emulator
    from pumpmock.journal.entry import Entry
    from pumpmock.model.pump import Pump
    from pumpmock.model.sample import Sample
    from pumpmock.model.truth import Truth
    from pumpmock.scenario.results import Result
    from pumpmock.testing.running import Running
    from pumpmock.testing.thread import PumpThread

_T = TypeVar("_T")
_NS_A_US = 1_000


class Face:
    """What a live pump has for those who wait and for those who await.

    Args:
        running: the pump.
        thread: where it runs.
        key_file: the owner-only file with its hosts' key.

    Attributes:
        clock: pump time.
        wall: wall time, as the pump sees it.
        faults: what is to go wrong.
        journal: what happened.
        key: the pairing key that its hosts use; the published bench key opens it too.
        key_file: the owner-only file with that key.
    """

    def __init__(self, running: Running, thread: PumpThread, key_file: Path) -> None:
        self.clock = PumpClock(running, thread)
        self.wall = PumpWall(running, thread)
        self.faults = PumpFaults(running, thread)
        self.journal = PumpJournal(running, thread)
        self.key: Key = running.key
        self.key_file = key_file
        self._running = running
        self._thread = thread
        self._looked = 0  # the newest entry that was waited for

    def __repr__(self) -> str:
        return f"<live pump {self.serial_number} at {self.url}>"

    # --- where it is ------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """What a host passes to `serial.serial_for_url`."""
        return self._running.port.url

    @property
    def port(self) -> str:
        """The path of the device; of TCP, HOST:PORT."""
        return self.url.partition("://")[2] or self.url

    @property
    def transport(self) -> str:
        """The name of its transport."""
        return self._running.asked.transport

    @property
    def serial_number(self) -> str:
        """Who it is."""
        return self._running.key.serial_number

    @property
    def seed(self) -> int:
        """What all that is random about it comes from."""
        return self._running.asked.pump.seed

    @property
    def keys_folder(self) -> Path:
        """The folder of `key_file`, as `pump-monitor --keys` takes it; PUMPMOCK_HOME leads there, too."""
        return self.key_file.parent

    # --- how it is --------------------------------------------------------------------------------------------------

    @property
    def now_us(self) -> int:
        """Pump time in us."""
        return self.clock.now_us

    @property
    def status(self) -> Sample:
        """What its firmware believes at this instant: the reading that a host would get. Changes nothing."""
        return self.do(lambda emulator: _present(emulator).sample())

    @property
    def truth(self) -> Truth:
        """What is physically so at this instant, whatever the firmware believes."""
        return self.do(lambda emulator: _present(emulator).truth())

    @property
    def delivered_nl(self) -> int:
        """What its firmware has delivered since its first start, in nL; `truth.tip_nl` is what arrived."""
        return self.status.delivered_nl

    @property
    def violations(self) -> list[Violation]:
        """What its hosts did so far against docs/protocol.md."""
        return self.do(lambda emulator: violations(emulator.journal))

    def ctl(self, verb: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON values, as the verb has them
        """Do what `pumpmock ctl` can do, by the same words, and return what it tells: `pump.ctl("set", reservoir="3 mL")`.

        Args:
            verb: one of `pumpmock.control.verbs.VERBS`.
            arguments: by name, as text or as what they are.

        Raises:
            ValueError: where there is no such verb, or it can't be done, with a sentence.
        """
        if verb not in VERBS:
            raise ValueError(f"{shown(verb)} is no verb of pumpmock ctl; {meant(verb, VERBS)}")

        async def done() -> Any:  # noqa: ANN401 - as above
            found = VERBS[verb].call(self._running.emulator, arguments)
            return await found if inspect.isawaitable(found) else found

        return self._thread.run(done())

    def do(self, action: Callable[[Emulator], _T]) -> _T:
        """Do something with the pump itself, in the pumps' thread, and return what comes of it: the way to all the rest."""
        return self._thread.call(lambda: action(self._running.emulator))

    # --- what is done to it -----------------------------------------------------------------------------------------

    def press(self) -> None:
        """Let the patient press the button; the journal tells what came of it."""
        self.do(lambda emulator: emulator.press())

    def strike(self, trouble: Trouble | str, figure: int = 0) -> None:
        """Let a trouble befall the pump at this instant: "occlusion", "leak" (percent), "stall", "hold", "valve" (nL).

        Raises:
            ValueError: for one that there is none of, that is present, or that has no such extent.
        """
        found = _trouble(trouble)
        self.do(lambda emulator: emulator.do(lambda: emulator.device.pump.strike(found, figure)))

    def relieve(self, trouble: Trouble | str) -> None:
        """End a trouble at this instant.

        Raises:
            ValueError: for one that is not present.
        """
        found = _trouble(trouble)
        self.do(lambda emulator: emulator.do(lambda: emulator.device.pump.relieve(found)))

    def unplug(self, for_: Span | None = None) -> None:
        """Pull the plug: hosts get an error at once, and none gets in; for so much wall time, or until `replug`."""
        for_ns = None if for_ is None else span_us(for_) * _NS_A_US
        self.do(lambda emulator: emulator.ports.unplug(None, for_ns))

    def replug(self) -> None:
        """Put the plug back, at the same URL.

        Raises:
            PortError: where somebody else has taken it meanwhile.
        """
        self.do(lambda emulator: emulator.ports.replug())

    def snapshot(self) -> dict[str, Any]:
        """Return all of it that would outlive its process, as plain JSON values."""

        def taken(emulator: Emulator) -> dict[str, Any]:
            emulator.device.catch_up()
            return dumped_memory(emulator.device.memory)

        return self.do(taken)

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Put a snapshot back in: the pump starts with it, and every host has to greet anew.

        Raises:
            ValueError, KeyError, TypeError: where it is none of this pump's.
        """
        memory = loaded_memory(copy.deepcopy(snapshot))
        if memory.serial_number != self.serial_number:
            raise ValueError(
                f"the snapshot is of pump {memory.serial_number}, and this is {self.serial_number}"
            )
        self.do(lambda emulator: emulator.restore(memory))

    def play(self, path: str | Path) -> Callable[[], Result]:
        """Let a scenario go along with the pump from now on, and return what tells what came of it so far.

        Its steps come as pump time comes to them; an advance stops at each. The pump stays what it was asked to be,
        whatever the scenario's `[pump]` says. What is not as it expects, or has not come by the end, is an error then.

        Raises:
            ValueError: where the scenario can't be taken, plays a host of its own, or another one is being played.
            OSError: where it can't be read.
        """
        scenario = read_scenario(Path(path))
        check_served(scenario)
        played = self.do(lambda emulator: Served(emulator, scenario))
        self._running.played.append(played)
        return lambda: self.do(lambda _: played.result)

    # --- what is expected of it, and of its hosts -------------------------------------------------------------------

    def expect(self, name: str, *, within: Span = WITHIN, times: int = 1, **fields: Any) -> Expectation:  # noqa: ANN401 - any field's value
        """Expect a message or an event from now on: `with pump.expect("Commit", kind="RATE"):`.

        As a `with` or `async with` block, by its end and `within` after it; without a block, by the end of the test.

        Args:
            name: of a message, as docs/protocol.md has it, or of an event as `journal.events` has them ("alarm_raised").
            within: wall time.
            times: how often at the least.
            fields: what it must have; codes may be given by their names.

        Raises:
            ValueError: for a name or a field that nothing has.
        """
        wanted = Wanted(name, fields)
        after = self._newest()
        begin = self._beginner(after)
        expectation = Expectation(wanted, times, within, begin=begin, report=self._report)
        self._running.expected.append(expectation)
        return expectation

    def _beginner(
        self, after: int
    ) -> Callable[[Wanted, int, int], concurrent.futures.Future[list[Sighting]]]:
        def begin(wanted: Wanted, count: int, within_us: int) -> concurrent.futures.Future[list[Sighting]]:
            return self._thread.begin(self._running.see(wanted, after, count, within_us))

        return begin

    def _awaited(self, name: str, within: Span, fields: dict[str, Any]) -> Expectation:
        """Return the expectation of what comes after what was waited for last."""
        return Expectation(
            Wanted(name, fields), 1, within, begin=self._beginner(self._looked), report=self._report
        )

    def _found(self, found: list[Sighting]) -> Sighting:
        self._looked = found[0].number
        return found[0]

    def _newest(self) -> int:
        entries = self.journal.entries
        return entries[-1].number if entries else 0

    def _noisy(self, entry: Entry | None, for_: Span) -> None:
        if entry is not None:
            said = (
                f"a host sent {len(entry.data)} bytes on {entry.peer}, where {text_of(for_)} should be quiet"
            )
            raise UnmetError(f"{said}{self._report()}")

    def _report(self) -> str:
        """Return the journal as the end of a message."""
        return f"\n{self.journal.text(NEWEST)}" if self._running.quotes_journal else ""


def _present(emulator: Emulator) -> Pump:
    emulator.device.catch_up()
    return emulator.device.pump


def _trouble(trouble: Trouble | str) -> Trouble:
    if isinstance(trouble, Trouble):
        return trouble
    names = {one.name.lower(): one for one in Trouble}
    if trouble not in names:
        raise ValueError(f"{shown(trouble)} is no trouble of a pump; {meant(trouble, names)}")
    return names[trouble]
