"""A change, from the wish to the figure read back: what the box on the screen may do, and what it says.

Pure, without a screen or a source: it is told what was typed, answered and read, and it is asked for a sentence and for
whether Send may be pressed. Nothing is sent on a stale reading, to another pump, or over settings that have changed.
What is particular to a kind of change is its row of `monitor.kinds.table`.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from monitor.errors import OutcomeUnknownError
from monitor.kinds.ground import Ground
from monitor.kinds.reading_back import is_as_set, reported
from monitor.kinds.table import KINDS
from monitor.snapshot import NS_PER_MS
from monitor.verdicts import doubt
from protocol.intent import check_reason
from protocol.units import format_rate
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.errors import MonitorError
    from monitor.kinds.ground import Fact, Judged, Week
    from monitor.snapshot import Reading
    from monitor.ui.moment import Moment
    from protocol.bounds import Bounds
    from protocol.dosing import Rules
    from protocol.messages import Change, Outcome, Prepared
    from protocol.vocabulary import ChangeKind

_NOTHING_YET = "⏎ asks the pump what it would do; nothing changes yet"


class Step(Enum):
    """How far the change has come."""

    ASK = "the operator says what is wanted"
    PREPARING = "the pump is asked what it would do"
    REVIEW = "the operator compares, and sends or abandons"
    SENDING = "the change was sent, its answer is awaited"
    READ_BACK = "the pump applied it, a reading that shows it is awaited"
    UNKNOWN = "the answer was lost"
    ASKING = "the pump is asked which it was"
    ENDED = "nothing more can happen here"


class Flow:
    """One change.

    Args:
        kind: what is to be changed.
        moment: what is known when the box opens.
        seen: the live reading in it, on which the operator decided.
        rules: by what a figure is judged before the pump is asked.

    Attributes:
        row: of the table of kinds.
        reason: why a soft limit is overridden; empty where none is.
        lacks_reason: whether the pump was not asked for want of one.
        faulty: the name of the field that can't be taken; empty where none is known to be.
    """

    def __init__(self, kind: ChangeKind, moment: Moment, seen: Reading, rules: Rules) -> None:
        self.row = KINDS[kind]
        self.seen = seen
        self.moment = moment
        self.step = Step.ASK
        self.said = ""
        self.warns = False
        self.reason = ""
        self.lacks_reason = False
        self.faulty = ""
        self.rules = rules
        self.prepared: Prepared | None = None
        self._week: Week = ()
        self._week_after: Week = ()
        self._host_s = moment.now_s
        self._prepared_ns = 0
        self._outcome: Outcome | None = None

    # --- what is known ----------------------------------------------------------------------------------------------

    @property
    def ground(self) -> Ground:
        """On what the change is decided."""
        return Ground(self.seen.status, self.moment.snapshot.events, self.rules, self._week, self._host_s)

    @property
    def present_nl_h(self) -> int:
        """The rate that the operator sees, or that a resume returns to."""
        return self.seen.status.programmed_rate_nl_h

    @property
    def bounds(self) -> Bounds:
        """The hard limits, as the pump states them, and the drug's where they are tighter."""
        return self.rules.bounds(self.seen.status)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the change does beside the rate, old beside new once the pump has told it."""
        change = None if self.prepared is None else self.prepared.change
        return self.row.facts(change, self.ground, self.prepared)

    @property
    def wants_week(self) -> bool:
        """Whether the program of the week is to be read: before it is decided on, and after it was set."""
        if not self.row.by_week:
            return False
        return (self.step is Step.ASK and not self._week) or (
            self.step is Step.READ_BACK and not self._week_after
        )

    def assess(self, texts: Mapping[str, str]) -> Judged | None:
        """Judge what is being typed, by the fields' names; None as long as it is no change."""
        try:
            return self._judged(self.row.change(self._typed(texts), self.ground))
        except ValueError:
            return None

    @property
    def assessment(self) -> Judged | None:
        """The judgement of what the pump understood; None before."""
        return None if self.prepared is None else self._judged(self.prepared.change)

    def wants_reason(self, texts: Mapping[str, str]) -> bool:
        """Tell whether what is being typed crosses a soft limit, and nothing harder."""
        judged = self.assess(texts)
        return judged is not None and judged.hard is None and bool(judged.soft)

    @property
    def obstacle(self) -> str:
        """Say why the change may not go on now, empty if it may."""
        reading = self.moment.snapshot.reading
        if reading is None or reading.serial_number != self.seen.serial_number:
            return f"the port does not lead to pump {self.seen.serial_number} any more: close this box"
        before, now = self.seen.status.revision, reading.status.revision
        if (before, self.seen.status.commanded_rate_nl_h) != (now, reading.status.commanded_rate_nl_h):
            return f"the pump's settings changed since this box opened (revision {before}, now {now}): close it and look again"
        if not self.moment.live:
            return f"the reading is {self.moment.age_s} s old: Send is off until the pump answers"
        return ""

    def may_ask(self, texts: Mapping[str, str]) -> bool:
        """Tell whether the pump may be asked, for a change or for the fate of one."""
        if self.step is Step.UNKNOWN:
            return True
        judged = self.assess(texts)
        beyond = judged is not None and judged.hard is not None
        return self.step is Step.ASK and not self.obstacle and not beyond and not self.wants_week

    # --- what the operator does ---------------------------------------------------------------------------------------

    def ask(self, texts: Mapping[str, str], reason: str = "") -> Change | None:
        """Take what was typed, and the reason where it is over a soft limit; None, and said why, if it can't be."""
        self.reason, self.lacks_reason, self.faulty = "", False, ""
        self._host_s = self.moment.now_s
        change = self._taken(self._typed(texts))
        if change is None:
            return None
        judged = self._judged(change)
        if judged.hard is not None:
            self._say(judged.hard.sentence, warns=True)
            return None
        if judged.idle:
            self._say(judged.idle)
            return None
        if judged.soft:
            try:
                self.reason = check_reason(reason)
            except ValueError as error:
                self.lacks_reason = True
                self._say(str(error) if reason.strip() else f"{judged.asking[0]} Say why.", warns=True)
                return None
        self.step = Step.PREPARING
        self._say("asking the pump what it would do …")
        return change

    def _taken(self, typed: dict[str, str]) -> Change | None:
        for one in self.row.fields:
            try:
                one.value(typed[one.name], self.ground)
            except ValueError as error:
                self.faulty = one.name
                self._say(str(error), warns=True)
                return None
        return self.row.change(typed, self.ground)

    @property
    def retype(self) -> str:
        """What is to be typed again before Send: a word, a figure with its unit, or nothing."""
        judged = self.assessment
        return "" if judged is None else judged.retype

    def matches(self, text: str) -> bool:
        """Tell whether what was typed again is the same."""
        return not self.retype or self.row.same(self.retype, text, self.ground)

    def armed(self, text: str) -> bool:
        """Tell whether Send may be pressed."""
        return self.step is Step.REVIEW and not self.obstacle and self.matches(text)

    def send(self) -> None:
        """Note that the change was sent."""
        self.step = Step.SENDING
        self._say("sent, waiting for the pump's answer …")

    def ask_again(self) -> None:
        """Note that the pump is asked what became of the change."""
        self.step = Step.ASKING
        self._say("asking the pump which it was …")

    # --- what comes back ----------------------------------------------------------------------------------------------

    def on_week(self, week: Week) -> None:
        """Take the program of the week: as it is, or once the change was applied as it has become."""
        if self.step is Step.READ_BACK:
            self._week_after = week
            self.on_moment(self.moment)
        else:
            self._week = week

    def on_prepared(self, prepared: Prepared, now_ns: int) -> None:
        """Take the pump's own account of the change; a rate other than the one wanted ends it."""
        self.prepared, self._prepared_ns = prepared, now_ns
        expected = self.row.expected(prepared.change, self.ground)
        if expected is not None and prepared.new_rate_nl_h != expected:
            understood, meant = format_rate(prepared.new_rate_nl_h), format_rate(expected)
            self._end(f"the pump understood {understood}, not {meant}: it was not sent", warns=True)
            return
        self.step = Step.REVIEW
        self._say("", warns=False)

    def on_outcome(self, outcome: Outcome) -> None:
        """Take the pump's verdict; a second time it tells nothing new."""
        if self.step in (Step.READ_BACK, Step.ENDED):
            return
        self._outcome = outcome
        if outcome.verdict is Verdict.NOT_APPLIED:
            self._end(f"not applied: the rate is still {format_rate(outcome.rate_nl_h)}", warns=True)
            return
        self.step = Step.READ_BACK
        self._say(f"applied as revision {outcome.revision}, reading it back …")
        self.on_moment(self.moment)

    def on_error(self, error: MonitorError) -> None:
        """Take a request's failure. Only a lost answer leaves open what the rate is."""
        if self.step in (Step.READ_BACK, Step.ENDED):
            return
        if isinstance(error, OutcomeUnknownError) and self.prepared is None:
            self._end(f"an earlier change is in doubt: {error}", warns=True)
        elif isinstance(error, OutcomeUnknownError):
            self.step = Step.UNKNOWN
            self._say(f"OUTCOME UNKNOWN: {doubt(error.intent)}", warns=True)
        elif self.step is Step.ASKING:
            self.step = Step.UNKNOWN
            self._say(f"OUTCOME STILL UNKNOWN: {error}", warns=True)
        else:
            self._back_to_asking(str(error))

    def on_moment(self, moment: Moment) -> None:
        """Take what is known now: the offer may have expired, the change may have been read back."""
        self.moment = moment
        if self.step in (Step.UNKNOWN, Step.ASKING):
            self._look_for_verdict(moment)
        if self.step is Step.REVIEW and self.prepared is not None:
            waited_ms = (moment.now_ns - self._prepared_ns) // NS_PER_MS
            if waited_ms >= self.prepared.ttl_ms:
                seconds = self.prepared.ttl_ms // 1000
                self._back_to_asking(f"the pump kept the change for {seconds} s and dropped it: ask again")
        elif self.step is Step.READ_BACK:
            self._read_back(moment)

    def _look_for_verdict(self, moment: Moment) -> None:
        """Take a verdict that was learned on a new connection."""
        for intent, outcome in moment.snapshot.settled:
            if self.prepared is not None and intent.command_id == self.prepared.command_id:
                self.on_outcome(outcome)

    def _read_back(self, moment: Moment) -> None:
        reading, outcome = moment.snapshot.reading, self._outcome
        if reading is None or outcome is None or self.prepared is None:
            return
        status = reading.status
        if reading.serial_number != self.seen.serial_number or status.revision < outcome.revision:
            if not moment.live:
                self._say(
                    f"applied as revision {outcome.revision}, but not read back: no answer for {moment.age_s} s"
                )
            return
        if self.wants_week:
            return
        change = self.prepared.change
        same = is_as_set(change, outcome, status, self._week_after)
        said = reported(change, status)
        self._end(f"✓ {self.row.done}: {said}" if same else f"NOT AS SET: {said}", warns=not same)

    # --- what the box says ----------------------------------------------------------------------------------------------

    def sentence(self, texts: Mapping[str, str]) -> tuple[str, bool]:
        """Return the sentence that matters most now, and whether it warns; `texts` is what is being typed."""
        if self.step in (Step.ASK, Step.REVIEW) and self.obstacle:
            return self.obstacle, True
        if self.said:
            return self.said, self.warns
        return self._remark(texts)

    def _remark(self, texts: Mapping[str, str]) -> tuple[str, bool]:
        if self.row.word:
            return self.row.warning(self.ground)
        if self.wants_week:
            return "reading the program of the week …", False
        judged = self.assessment
        if judged is not None:
            said, warns = judged.sentence
        else:
            typing = self.assess(texts)
            said, warns = typing.asking if typing is not None else ("", False)
        return (said, warns) if said else (_NOTHING_YET, False)

    def typed(self) -> None:
        """Forget what was said of the text before it was changed."""
        if self.step is Step.ASK:
            self._say("")

    def _typed(self, texts: Mapping[str, str]) -> dict[str, str]:
        return {one.name: one.typed(texts.get(one.name, "")) for one in self.row.fields}

    def _judged(self, change: Change) -> Judged:
        return self.row.judged(change, self.ground)

    def _say(self, said: str, *, warns: bool = False) -> None:
        self.said, self.warns = said, warns

    def _back_to_asking(self, said: str) -> None:
        self.step, self.prepared = Step.ASK, None
        self._say(said, warns=True)

    def _end(self, said: str, *, warns: bool) -> None:
        self.step = Step.ENDED
        self._say(said, warns=warns)
