"""One pump that runs in the pumps' thread: how it begins, what is awaited of it, and how it ends.

Everything here but `Running.begin` and `Running.end` runs in that thread; `live` is what a test holds.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from random import Random
from typing import TYPE_CHECKING, Any

from protocol.keys import BENCH_KEY, KEY_ID_SIZE, KEY_SIZE, Key
from protocol.places import APP
from protocol.units import US_PER_S
from pumpmock.emulator import Emulator
from pumpmock.journal.entry import HEARD
from pumpmock.journal.serving import write_journal
from pumpmock.options import REPEATABLE_EPOCH_S, new_memory, randomness
from pumpmock.testing.transports import TRANSPORTS
from pumpmock.testing.wall import JumpingWall

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from protocol.messages import EventRecord
    from pumpmock.journal.entry import Entry
    from pumpmock.journal.file import JournalFile
    from pumpmock.ports import Conversation, OpenConversation, Send
    from pumpmock.scenario.served import Served
    from pumpmock.snapshot import Memory
    from pumpmock.testing.expectations import Expectation
    from pumpmock.testing.options import Asked
    from pumpmock.testing.sightings import Sighting, Wanted
    from pumpmock.testing.transports import Place

KEPT = 50_000  # entries of a journal: twenty-five thousand requests of one test, in some 40 MB
_TURNS = 4  # of the loop without a byte: what a host's kernel had taken by then has been answered
_MOST_TURNS = 100  # of a host that writes without a pause
_LONGEST_QUIET = 10  # times the quiet that a transport wants: for a machine that is busy, and a host that is


class Running:
    """A pump on its port.

    Args:
        asked: what it shall be.
        serial_number: who it is.
        loop: of the pumps' thread.

    Attributes:
        asked: as above.
        key: its hosts' key, drawn from the seed: a key of a test, which protects nothing.
        wall: its wall time.
        emulator: the pump itself.
        port: where hosts plug in.
        errors: what went wrong in its callbacks, oldest first: a bug of ours.
        is_over: whether it has ended.
        expected: what is expected of it by its end at the latest.
        played: the scenarios that go along with it, or did.
        quotes_journal: whether an error of a host's has the journal in its message.
    """

    def __init__(self, asked: Asked, serial_number: str, loop: asyncio.AbstractEventLoop) -> None:
        self.asked = asked
        self.errors: list[BaseException] = []
        self.is_over = False
        self.expected: list[Expectation] = []
        self.played: list[Served] = []
        self.quotes_journal = True
        options = replace(asked.pump, serial_number=serial_number)
        draw = Random(f"{options.seed} key").randbytes  # noqa: S311 - of a pump in a test, beside the published key
        self.key = Key(serial_number, asked.role, draw(KEY_ID_SIZE), draw(KEY_SIZE))
        self.wall = JumpingWall(loop, self.errors.append)
        memory = new_memory(options, REPEATABLE_EPOCH_S, randomness(options, "memory"))
        memory.boot = 1
        keys = {key.key_id: key for key in (self.key, BENCH_KEY)}
        self.emulator = Emulator(
            memory,
            keys,
            speed=options.speed,
            wall=self.wall.wall,
            random=randomness(options, "start 1"),
            save=_save_nowhere,
            teller=self,
            firmware=_firmware(),
            seed=options.seed,
        )
        self.emulator.journal.keep(KEPT)
        self._file: JournalFile | None = None
        if asked.journal is not None:
            began = datetime.now(UTC)
            self._file = write_journal(
                asked.journal, options, self.emulator, keys, began=began, warn=self._unwritten
            )
        self.port: Place

    async def begin(self, folder: Path) -> None:
        """Start the pump and plug it in."""
        open_conversation = self._watched(self.emulator.plug(self.asked.pump.medium))
        transport = TRANSPORTS[self.asked.transport]
        self.port = transport.place(self.emulator, open_conversation, folder / self.key.serial_number)
        try:
            await self.port.open()
        except OSError:
            self._end_file()
            raise
        self.emulator.ports.add(self.asked.transport, self.port)
        self.emulator.start()

    async def end(self) -> None:
        """Answer what has arrived, give the port back, and stand still."""
        self.is_over = True
        await self._turns()
        try:
            await self.emulator.ports.close()
        finally:
            self.emulator.finish()
            self.wall.close()
            self._end_file()
        if self.emulator.doubt is not None:
            self.errors.insert(0, self.emulator.doubt)

    def _end_file(self) -> None:
        if self._file is not None:
            self._file.close()

    # --- what the pump tells: the journal has all of it but warnings -------------------------------------------------

    def tell(self, sentence: str, event: Mapping[str, Any]) -> None:
        """Say nothing."""

    def event(self, record: EventRecord) -> None:
        """Say nothing."""

    def warn(self, sentence: str) -> None:
        """Note what somebody should look at."""
        self.emulator.journal.note("warned", sentence=sentence)

    def _unwritten(self, sentence: str) -> None:
        self.errors.append(OSError(sentence))

    def _watched(self, open_conversation: OpenConversation) -> OpenConversation:
        """Keep what goes wrong in a conversation, which the loop would log; the host hears nothing then."""

        def open_watched(peer: str, send: Send) -> Conversation:
            return _Watched(open_conversation(peer, send), self.errors.append)

        return open_watched

    # --- what is awaited --------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Return once all that hosts have written is answered: at once, but on a transport that wants quiet for it.

        A host that goes on and on is not waited for: what it writes from now on is not what it has written.
        """
        quiet_s = TRANSPORTS[self.asked.transport].quiet_s
        await self._turns()
        if quiet_s:
            until_s = asyncio.get_running_loop().time() + _LONGEST_QUIET * quiet_s
            while await self._stirred(quiet_s) is not None:
                if asyncio.get_running_loop().time() > until_s:
                    return

    async def advance(self, dt_us: int) -> None:
        """Settle, and let so much pump time pass."""
        await self.settle()
        self.emulator.advance(dt_us)

    async def see(self, wanted: Wanted, after: int, count: int, within_us: int) -> list[Sighting]:
        """Return the sightings after this entry as soon as there are `count`; those there are when wall time is up."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + within_us / US_PER_S
        while True:
            found = wanted.seen(self.emulator.journal, after)
            left_s = until_s - loop.time()
            if len(found) >= count or left_s <= 0:
                return found
            await self._stirred(left_s)

    async def heard(self, for_us: int) -> Entry | None:
        """Settle, and return the first bytes that a host sends within so much wall time; None where it is quiet."""
        await self.settle()
        return await self._stirred(for_us / US_PER_S, HEARD)

    async def _turns(self) -> None:
        """Let the loop take turns until some of them in a row have brought nothing."""
        quiet = taken = 0
        while quiet < _TURNS and taken < _MOST_TURNS:
            taken += 1
            entries = self.emulator.journal.entries
            before = entries[-1].number if entries else 0
            await asyncio.sleep(0)
            quiet = quiet + 1 if not entries or entries[-1].number == before else 0

    async def _stirred(self, within_s: float, what: str = "") -> Entry | None:
        """Return the next entry, of this kind where one is named; None where there is none within so much wall time."""
        stirred: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()

        def take(entry: Entry) -> None:
            if not stirred.done() and what in {"", entry.what}:
                stirred.set_result(entry)

        heard_by = self.emulator.journal.heard_by
        heard_by.append(take)
        try:
            async with asyncio.timeout(within_s):
                return await stirred
        except TimeoutError:
            return None
        finally:
            heard_by.remove(take)


class _Watched:
    """A conversation whose errors are kept."""

    __slots__ = ("_conversation", "_failed")

    def __init__(self, conversation: Conversation, failed: Callable[[BaseException], None]) -> None:
        self._conversation = conversation
        self._failed = failed

    def receive(self, data: bytes) -> bytes:
        try:
            return self._conversation.receive(data)
        except Exception as error:  # noqa: BLE001 - whoever ends the pump raises it
            self._failed(error)
            return b""

    def close(self) -> None:
        try:
            self._conversation.close()
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error)


@cache
def _firmware() -> str:
    return version(APP)  # reads and parses a file


def _save_nowhere(_memory: Memory) -> None:
    """Keep nothing: the pump of a test ends with it."""
