"""Two hosts change one pump, with real code on both sides, and everything that can go wrong on the way does.

The wire keeps all that was ever sent. A rule sends something and settles what becomes of it, delivers something old, or
breaks something; after each, the promises are looked at. At the end all is mended, and every outcome has to be known.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from protocol.handshake import LONGEST_BACK_OFF_MS
from protocol.machines import Stage
from protocol.vocabulary import ChangeKind, State
from tests.model.desk import Desk
from tests.model.plant import NS_PER_MS, PORTS
from tests.model.promises import PROMISES
from tests.model.wire import FATES, PROMPT, Fate, Wire

_HOUR_MS = 3_600_000
_SPANS_MS = (1, 7_000, 16_000, 60_000, _HOUR_MS, 48 * _HOUR_MS)
_TROUBLES = ("the pump is killed", "a host is killed", "a host is killed and unplugged")


_host = st.integers(0, PORTS - 1)
_fate = st.builds(Fate, st.sampled_from(FATES), st.integers(0, 1_500))
_kind = st.sampled_from((ChangeKind.RATE, ChangeKind.RATE, ChangeKind.STOP, ChangeKind.RESUME))
_percent = st.integers(55, 145)
_back = st.integers(0, 12)
_astray = st.sampled_from((False, False, False, True))


class Conversations(Wire):
    """See the module. `counts` sums up over all runs what has happened."""

    counts: ClassVar[Counter[str]] = Counter()

    # --- what hosts do ----------------------------------------------------------------------------------------------

    @rule(which=_host, fate=_fate, then=_fate)
    def connect(self, which: int, fate: Fate, then: Fate) -> None:
        self.send(which, self.hosts[which].greet(), fate, then)

    @rule(which=_host, fate=_fate)
    def poll(self, which: int, fate: Fate) -> None:
        if self.hosts[which].is_connected:
            self.send(which, self.hosts[which].poll(), fate)

    @rule(which=_host, kind=_kind, percent=_percent, looks=st.integers(0, 3), fate=_fate)
    def decide(self, which: int, kind: ChangeKind, percent: int, looks: int, fate: Fate) -> None:
        host = self.hosts[which]
        if not host.is_connected:
            self.send(which, host.greet())
        if host.is_connected and host.stage is not None:
            self.send(which, host.resolve())
        if host.is_connected and (looks or host.reading is None):
            self.send(which, host.poll())
        if host.is_connected and host.stage is None and host.reading is not None:
            if host.reading.state is State.STOPPED and kind is ChangeKind.RATE:
                kind = ChangeKind.RESUME
            wanted = host.reading.programmed_rate_nl_h * percent // 100
            self.send(which, host.decide(kind, wanted), fate)

    @rule(which=_host, percent=_percent, confirmed=st.sampled_from((True, True, False)), fate=_fate)
    def decide_and_confirm_or_abandon(
        self,
        which: int,
        percent: int,
        confirmed: bool,  # noqa: FBT001 - hypothesis calls it by name
        fate: Fate,
    ) -> None:
        self.decide(which, ChangeKind.RATE, percent, 1, PROMPT)
        (self.confirm if confirmed else self.resolve)(which, fate)

    @rule(which=_host, percent=_percent, fate=_fate)
    def decide_on_what_the_other_changes(self, which: int, percent: int, fate: Fate) -> None:
        other = (which + 1) % PORTS
        if self.hosts[which].is_connected:
            self.send(which, self.hosts[which].poll())
        self.decide_and_confirm_or_abandon(other, 101, True, PROMPT)
        self.decide(which, ChangeKind.RATE, percent, 0, PROMPT)
        self.confirm(which, fate)

    @rule(which=_host, fate=_fate)
    def prepare_again(self, which: int, fate: Fate) -> None:
        found = self.at_work(which, Stage.PREPARING)
        if found is not None and found[1].stage is Stage.PREPARING:
            self.send(found[0], found[1].prepare(), fate)

    @rule(which=_host, fate=_fate)
    def confirm(self, which: int, fate: Fate) -> None:
        found = self.at_work(which, Stage.PREPARED)
        if found is not None and found[1].stage is Stage.PREPARED:
            self.send(found[0], found[1].confirm(), fate)

    @rule(which=_host, fate=_fate)
    def resolve(self, which: int, fate: Fate) -> None:
        found = self.at_work(which, Stage.PREPARING, Stage.PREPARED, Stage.COMMITTING, Stage.RESOLVING)
        if found is not None and found[1].stage is not None:
            self.send(found[0], found[1].resolve(), fate)

    # --- what the wire does -----------------------------------------------------------------------------------------

    @precondition(lambda self: self.to_pump)
    @rule(back=_back, astray=_astray, answered=st.booleans())
    def deliver_to_the_pump(self, back: int, astray: bool, answered: bool) -> None:  # noqa: FBT001 - hypothesis calls it by name
        port, data = self.old(back, astray=astray)
        answer = self.bring(port, data)
        if answered:
            self.give(port, answer)

    @rule(which=_host, astray=_astray, back=_back)
    def deliver_to_a_host(self, which: int, astray: bool, back: int) -> None:  # noqa: FBT001 - as above
        letters = self.to_host[(which + astray) % PORTS]
        if letters:
            self.give(which, letters[-1 - back % len(letters)])

    @precondition(lambda self: self.late)
    @rule(which=st.integers(0, 5))
    def what_was_late_arrives(self, which: int) -> None:
        to_host, port, data = self.late.pop(which % len(self.late))
        if to_host:
            self.give(port, data)
        else:
            self.give(port, self.bring(port, data))

    @precondition(lambda self: self.to_pump)
    @rule(back=_back, cut=st.integers(1, 40), noise=st.binary(max_size=6))
    def deliver_in_pieces(self, back: int, cut: int, noise: bytes) -> None:
        port, data = self.old(back, astray=False)
        answers = [self.bring(port, piece) for piece in _pieces(noise + data, cut)]
        for piece in _pieces(b"".join(answers), cut):
            self.give(port, piece)

    # --- what else happens ------------------------------------------------------------------------------------------

    @rule(span_ms=st.sampled_from(_SPANS_MS))
    def time_passes(self, span_ms: int) -> None:
        self.plant.now_ns += span_ms * NS_PER_MS

    @rule(which=_host, span_ms=st.sampled_from(_SPANS_MS))
    def a_reading_comes_when_the_next_one_is_asked_for(self, which: int, span_ms: int) -> None:
        host = self.hosts[which]
        if host.is_connected:
            answer = self.bring(which, host.poll())
            self.time_passes(span_ms)
            self.send(which, host.poll(), Fate("late"))
            self.give(which, answer)

    @rule(what=st.sampled_from(_TROUBLES), which=_host)
    def trouble_comes(self, what: str, which: int) -> None:
        self.plant.counts[what] += 1
        if what == "the pump is killed":
            self.plant.start()
        else:
            self.hosts[which].kill()
            if what == "a host is killed and unplugged":
                self.plant.plug(which)

    @invariant()
    def promises_are_kept(self) -> None:
        for kept in PROMISES:
            kept(self.plant, self.hosts)

    def teardown(self) -> None:
        try:
            self.mend()
            self.sum_up()
        finally:
            self.plant.close()

    def mend(self) -> None:
        """Let both hosts come back on a healthy wire to a healthy pump, and hold them to knowing everything."""
        self.plant.now_ns += LONGEST_BACK_OFF_MS * NS_PER_MS
        for port, host in enumerate(self.hosts):
            self.plant.plug(port)
            self.send(port, host.greet())
            assert host.is_connected
            if host.stage is not None:
                self.send(port, host.resolve())
            assert host.stage is None, "an outcome stayed unknown"
            self.send(port, host.poll())
        self.plant.start()
        lines = self.plant.device.memory.ledger.lines
        for host in self.hosts:
            assert host.reading is not None
            assert host.reading.revision == len(lines)
            assert not [noted for noted in host.disk.values() if noted.is_open]
        self.promises_are_kept()

    def sum_up(self) -> None:
        counts = self.plant.counts
        counts["runs"] = 1
        counts["changes applied"] = len(self.plant.device.memory.ledger.lines)
        counts["changes not applied"] = sum(len(host.disk) for host in self.hosts) - counts["changes applied"]
        type(self).counts.update(counts)


def _pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def run_machine(
    examples: int, steps: int, seed: int, *, make_desk: type[Desk] = Desk, shrink: bool = True
) -> Counter[str]:
    """Run the machine `examples` times with up to `steps` rules each, and return what has happened.

    Args:
        examples: runs.
        steps: rules in a run.
        seed: two runs with the same seed are the same.
        make_desk: the hosts.
        shrink: whether a failure is to be made small before it is raised.

    Raises:
        AssertionError: where a promise is broken; other errors where the code breaks.
    """

    class Seeded(Conversations):
        counts: ClassVar[Counter[str]] = Counter()

    Seeded.make_desk = make_desk
    machine = hypothesis.seed(seed)(Seeded)
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    run_state_machine_as_test(
        machine,
        settings=hypothesis.settings(
            max_examples=examples,
            stateful_step_count=steps,
            phases=phases,
            report_multiple_bugs=False,
            database=None,
            deadline=None,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Seeded.counts
