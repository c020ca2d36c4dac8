"""Two hosts on two ports of one pump decide on the same reading to change it: at most one of them does."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from protocol.changes import ChangeDesk
from protocol.intent import Intent, event_of
from protocol.machines import Slot, Stage, StageEvent
from protocol.messages import Change, Commit, Outcome, Poll, Prepare, Prepared, Rejected, Resolve, Status
from protocol.vocabulary import ChangeKind, Refusal, Verdict
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.model import defects
from tests.pumpmock.conftest import SERIAL_NUMBER, STORE_ID, Bench, Host, S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from protocol.fields import Message

_MISFORTUNE = 0.15  # of a step, in a race that has any
_LONGEST_WAIT_S = 20  # longer than a change stays prepared
_MOST_WISHES = 3  # of one host, each under an id of its own
_MOST_STEPS = 500


class _Racer:
    """A host that has read the pump once, and wants to change what it read.

    Attributes:
        reading: what it read.
        intents: what it has wanted, one after the other; only the last may be undecided.
        happened: how often what befell it.
    """

    def __init__(self, bench: Bench, chance: Random, misfortune: float) -> None:
        self.intents: list[Intent] = []
        self.happened: list[str] = []
        self._bench = bench
        self._chance = chance
        self._misfortune = misfortune
        self._is_hasty = (
            chance.random() < 1 / 2
        )  # commits without reading back: the pump does not live by its hosts
        self._token = b""
        self._connect()
        self.reading = self._host.ask(Poll(), Status)
        self._wish()

    @property
    def is_decided(self) -> bool:
        """Whether it knows what became of all that it wanted."""
        return not self.intents[-1].is_open

    def act(self) -> None:
        """Do the next thing, which is a request at the most."""
        if self._chance.random() < self._misfortune:
            self._chance.choice((self._hang_up, self._wait, self._abandon))()
            return
        intent = self.intents[-1]
        if intent.stage is Stage.INTENDED:
            self._now(intent.after(StageEvent.SEND))
            self._prepare()
        elif intent.stage is Stage.PREPARING and self._chance.random() < 1 / 2:
            self.happened.append("prepares sent again")
            self._prepare()
        elif intent.stage is Stage.PREPARING:
            self._now(intent.after(StageEvent.SILENCE))
        elif intent.stage is Stage.PREPARED:
            self._commit()
        else:
            self._resolve()

    def change_anew(self) -> Message:
        """Read the pump, and change it without any haste or misfortune; return how that ended."""
        self._misfortune = 0
        self.reading = self._host.ask(Poll(), Status)
        self._wish()
        prepared = self._send(self.intents[-1].prepare())
        if not isinstance(prepared, Prepared):
            return prepared or Poll()
        return self._send(Commit(prepared.command_id, prepared.token)) or Poll()

    def _wish(self) -> None:
        rate = self.reading.commanded_rate_nl_h
        wanted = Change(ChangeKind.RATE, rate + self._chance.choice((-1, 1)) * rate // 50)
        made = Intent(
            self._chance.randbytes(8), SERIAL_NUMBER, STORE_ID, 0, wanted, self.reading.revision, rate
        )
        self.intents.append(made)

    def _now(self, intent: Intent) -> None:
        self.intents[-1] = intent

    def _prepare(self) -> None:
        intent = self.intents[-1]
        answer = self._send(intent.prepare())
        if isinstance(answer, Rejected):
            self._now(intent.after(event_of(answer.reason)))
            self.happened.append(f"refused as {Refusal(answer.reason).name}")
            if answer.reason == Refusal.BUSY and len(self.intents) < _MOST_WISHES:
                self._wish()
        elif isinstance(answer, Prepared):
            self._token = answer.token
            read = intent.read_back(answer)
            if self._is_hasty:
                read = replace(intent.after(StageEvent.ECHO), new_rate_nl_h=answer.new_rate_nl_h)
            self._now(read)

    def _commit(self) -> None:
        intent = self.intents[-1].after(StageEvent.APPROVE)
        self._now(intent)
        answer = self._send(intent.commit(self._token))
        if isinstance(answer, Outcome):
            self._now(intent.decided(answer))
        elif isinstance(answer, Rejected):
            self._now(intent.after(event_of(answer.reason)))
            self.happened.append(f"refused as {Refusal(answer.reason).name}")
        else:
            self._now(intent.after(StageEvent.SILENCE))

    def _resolve(self) -> None:
        answer = self._send(self.intents[-1].resolve())
        if isinstance(answer, Outcome):
            self._now(self.intents[-1].decided(answer))
            self.happened.append("changes resolved")

    def _send(self, request: Message) -> Message | None:
        """Return the pump's answer; None where the request or the answer was lost."""
        lost = self._chance.random() < self._misfortune
        if lost:
            self.happened.append("requests or answers lost")
            if self._chance.random() < 1 / 2:
                self._host.send(request)
            return None
        (answer,) = self._host.send(request)
        return answer

    def _connect(self) -> None:
        self._port = self._bench.open()
        self._host = Host(self._port, nonce=self._chance.randbytes(16))

    def _hang_up(self) -> None:
        self.happened.append("hosts hung up")
        self._port.close()
        self._connect()
        self._now(self.intents[-1].after(StageEvent.RESTART))

    def _wait(self) -> None:
        self.happened.append("waits")
        self._bench.now_ns += self._chance.randrange(_LONGEST_WAIT_S) * S

    def _abandon(self) -> None:
        if self.intents[-1].stage is Stage.PREPARED:
            self.happened.append("changes abandoned")
            self._now(self.intents[-1].after(StageEvent.ABANDON))


def run(size: int, seed: int) -> Achieved:
    """Let two hosts race so often, half of the times without misfortune, each time to a pump of its own."""
    achieved = Achieved()
    for number in range(size):
        chance = dice(seed, number)
        bench = Bench(speed=1)
        is_calm = chance.random() < 1 / 2
        racers = [_Racer(bench, chance, 0 if is_calm else _MISFORTUNE) for _ in range(2)]
        if len({racer.reading.revision for racer in racers}) > 1:
            achieved.fail(f"race {number}: they did not read the same revision")
        _race(racers, chance)
        achieved.add(
            "races without misfortune" if is_calm else "races with lost messages, waits and hang-ups"
        )
        for said in [said for racer in racers for said in racer.happened]:
            achieved.add(said)
        _judge(achieved, f"race {number}", bench, racers, is_calm=is_calm)
        _go_on(achieved, f"race {number}", bench, chance.choice(racers))
    return achieved


def _race(racers: list[_Racer], chance: Random) -> None:
    """Let them take steps in any order, until both know what became of all they wanted."""
    for _ in range(_MOST_STEPS):
        waiting = [racer for racer in racers if not racer.is_decided]
        if not waiting:
            return
        chance.choice(waiting).act()


def _judge(achieved: Achieved, where: str, bench: Bench, racers: list[_Racer], *, is_calm: bool) -> None:
    """Hold what was applied against what was read, and what each was told against the ledger."""
    intents = [intent for racer in racers for intent in racer.intents]
    applied = [line.command_id for line in bench.memory.ledger.lines]
    told = [intent.command_id for intent in intents if intent.stage is Stage.APPLIED]
    achieved.add("changes wanted", len(intents))
    achieved.add("races won by one", len(applied) == 1)
    achieved.add("races won by none", not applied)
    if len(applied) > 1:
        achieved.fail(f"{where}: {len(applied)} changes were applied that were decided on one revision")
    if is_calm and not applied:
        achieved.fail(f"{where}: nothing went wrong, and nothing was applied")
    if sorted(told) != sorted(applied):
        achieved.fail(f"{where}: applied were {applied}, told as applied {told}")
    if any(intent.is_open for intent in intents):
        achieved.fail(f"{where}: not decided after {_MOST_STEPS} steps")


def _go_on(achieved: Achieved, where: str, bench: Bench, racer: _Racer) -> None:
    """Let one of them change the pump once more, when both have their verdicts."""
    before = bench.memory.revision
    outcome = racer.change_anew()
    achieved.add("changes afterwards")
    if not isinstance(outcome, Outcome) or (outcome.verdict, outcome.revision) != (
        Verdict.APPLIED,
        before + 1,
    ):
        achieved.fail(f"{where}: the next change was not applied: {outcome}")


# --- controls ---------------------------------------------------------------------------------------------------------


@contextmanager
def _a_slot_a_session() -> Iterator[None]:
    """Keep what is prepared for each session apart."""
    slots: dict[tuple[ChangeDesk, int], Any] = {}

    def put(desk: ChangeDesk, slot: Any) -> None:  # noqa: ANN401 - the desk's own affair
        desk._slot, desk._state = slot, Slot.TAKEN if slot else Slot.FREE

    def own(method: Callable[..., Message]) -> Callable[..., Message]:
        def served(desk: ChangeDesk, request: Prepare | Commit, session: int, now_ms: int) -> Message:
            put(desk, slots.pop((desk, session), None))
            answer = method(desk, request, session, now_ms)
            slots[desk, session] = desk._slot
            put(desk, None)
            return answer

        return served

    _resolve = ChangeDesk.resolve

    def resolve(desk: ChangeDesk, request: Resolve) -> Outcome:
        for key, slot in slots.items():
            if slot and slot.request.command_id == request.command_id:
                slots[key] = None
        return _resolve(desk, request)

    def release(desk: ChangeDesk, session: int) -> None:
        slots.pop((desk, session), None)

    with ExitStack() as stack:
        for name, other in {
            "prepare": own(ChangeDesk.prepare),
            "commit": own(ChangeDesk.commit),
            "resolve": resolve,
            "release": release,
        }.items():
            stack.enter_context(patch.object(ChangeDesk, name, other))
        yield


def _refuses_nothing_as_outdated(_desk: ChangeDesk, *_asked: object) -> None:
    return None


CAMPAIGN = Campaign(
    number=16,
    name="races",
    promise="of two hosts that change a pump on the strength of one reading at most one does, and exactly one where nothing "
    "is lost or given up; each is told the truth, and the next change goes through",
    run=run,
    controls={
        "a desk that asks for no revision": under(
            lambda: patch.object(ChangeDesk, "_outdated", _refuses_nothing_as_outdated), run
        ),
        "a desk with a slot a session": under(_a_slot_a_session, run),
        "a desk that keeps what was resolved": under(defects.resolving_leaves_the_change_prepared, run),
        "a pump that forgets what it has applied": under(defects.the_pump_forgets_what_it_has_applied, run),
    },
    counts="races, each to a pump of its own",
    short=120,
    full=10_000,
)
