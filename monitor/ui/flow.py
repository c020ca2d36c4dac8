"""A change of the flow, from the wish to the figure read back: what the box on the screen may do, and what it says.

Pure, without a screen or a source: it is told what was typed, answered and read, and it is asked for a sentence and for
whether Send may be pressed. Nothing is sent on a stale reading, to another pump, or over settings that have changed.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from monitor.errors import OutcomeUnknownError
from monitor.snapshot import NS_PER_MS
from monitor.ui.words import parse_typed
from monitor.verdicts import either_rate
from protocol.intent import check_reason
from protocol.messages import Change
from protocol.units import QuantityError, format_rate
from protocol.vocabulary import ChangeKind, Verdict

if TYPE_CHECKING:
    from monitor.errors import MonitorError
    from monitor.snapshot import Reading
    from monitor.ui.moment import Moment
    from protocol.bounds import Assessment, Bounds
    from protocol.dosing import Rules
    from protocol.messages import Outcome, Prepared

_RETYPED: Final = {ChangeKind.STOP: "stop", ChangeKind.RESUME: "resume"}
_DONE: Final = {ChangeKind.RATE: "set", ChangeKind.STOP: "stopped", ChangeKind.RESUME: "resumed"}


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
        rules: by what a rate is judged before the pump is asked.

    Attributes:
        reason: why a soft limit is overridden; empty where none is.
        lacks_reason: whether the pump was not asked for want of one.
    """

    def __init__(self, kind: ChangeKind, moment: Moment, seen: Reading, rules: Rules) -> None:
        self.kind = kind
        self.seen = seen
        self.moment = moment
        self.step = Step.ASK
        self.said = ""
        self.warns = False
        self.reason = ""
        self.lacks_reason = False
        self.rules = rules
        self.prepared: Prepared | None = None
        self._prepared_ns = 0
        self._wanted_nl_h = 0
        self._outcome: Outcome | None = None

    # --- what is known ----------------------------------------------------------------------------------------------

    @property
    def present_nl_h(self) -> int:
        """The rate that the operator sees, or that a resume returns to."""
        return self.seen.status.programmed_rate_nl_h

    @property
    def bounds(self) -> Bounds:
        """The hard limits, as the pump states them, and the drug's where they are tighter."""
        return self.rules.bounds(self.seen.status)

    def assess(self, text: str) -> Assessment | None:
        """Judge what is being typed; None as long as it is no rate."""
        try:
            return self._judge(parse_typed(text))
        except QuantityError:
            return None

    @property
    def assessment(self) -> Assessment | None:
        """The judgement of what the pump understood; None where there is no figure to judge."""
        if self.prepared is None or self.kind is not ChangeKind.RATE:
            return None
        return self._judge(self.prepared.new_rate_nl_h)

    def wants_reason(self, text: str) -> bool:
        """Tell whether what is being typed crosses a soft limit, and nothing harder."""
        judged = self.assess(text) if self.kind is ChangeKind.RATE else None
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

    def may_ask(self, text: str) -> bool:
        """Tell whether the pump may be asked, for a change or for the fate of one."""
        judged = self.assess(text)
        beyond = self.kind is ChangeKind.RATE and judged is not None and judged.hard is not None
        return self.step is Step.UNKNOWN or (self.step is Step.ASK and not self.obstacle and not beyond)

    # --- what the operator does ---------------------------------------------------------------------------------------

    def ask(self, text: str, reason: str = "") -> Change | None:
        """Take what was typed, and the reason where it is over a soft limit; None, and said why, if it can't be."""
        wanted, self.reason, self.lacks_reason = 0, "", False
        if self.kind is ChangeKind.RATE:
            try:
                wanted = parse_typed(text)
            except QuantityError as error:
                self._say(str(error), warns=True)
                return None
            judged = self._judge(wanted)
            if judged.hard is not None:
                self._say(judged.hard.sentence, warns=True)
                return None
            if wanted == self.present_nl_h:
                self._say("that is the present rate: there is nothing to change")
                return None
            if judged.soft:
                try:
                    self.reason = check_reason(reason)
                except ValueError as error:
                    self.lacks_reason = True
                    self._say(str(error) if reason.strip() else f"{_remark(judged)[0]} Say why.", warns=True)
                    return None
        self._wanted_nl_h = wanted
        self.step = Step.PREPARING
        self._say("asking the pump what it would do …")
        return Change(self.kind, wanted)

    @property
    def retype(self) -> str:
        """What is to be typed again before Send: a word, a rate with its unit, or nothing."""
        if self.prepared is None:
            return ""
        if self.kind is not ChangeKind.RATE:
            return _RETYPED[self.kind]
        judged = self.assessment
        needed = judged is not None and (bool(judged.soft) or judged.retype)
        return format_rate(self.prepared.new_rate_nl_h) if needed else ""

    def matches(self, text: str) -> bool:
        """Tell whether what was typed again is the same."""
        if not self.retype:
            return True
        if self.kind is not ChangeKind.RATE:
            return text.strip().lower() == self.retype
        try:
            return self.prepared is not None and parse_typed(text) == self.prepared.new_rate_nl_h
        except QuantityError:
            return False

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

    def on_prepared(self, prepared: Prepared, now_ns: int) -> None:
        """Take the pump's own account of the change; a figure other than the one wanted ends it."""
        expected = self._wanted_nl_h if self.kind is ChangeKind.RATE else self._expected_nl_h()
        self.prepared, self._prepared_ns = prepared, now_ns
        if prepared.new_rate_nl_h != expected:
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
            self._say(f"OUTCOME UNKNOWN: the rate is {either_rate(error.intent)}", warns=True)
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
        reported = f"the pump reports {format_rate(status.commanded_rate_nl_h)} (revision {status.revision})"
        same = (status.revision, status.commanded_rate_nl_h) == (
            outcome.revision,
            self.prepared.new_rate_nl_h,
        )
        self._end(f"✓ {_DONE[self.kind]}: {reported}" if same else f"NOT AS SET: {reported}", warns=not same)

    # --- what the box says ----------------------------------------------------------------------------------------------

    def sentence(self, text: str) -> tuple[str, bool]:
        """Return the sentence that matters most now, and whether it warns; `text` is what is being typed."""
        if self.step in (Step.ASK, Step.REVIEW) and self.obstacle:
            return self.obstacle, True
        if self.said:
            return self.said, self.warns
        return self._remark(self.assessment if self.prepared is not None else self.assess(text))

    def _remark(self, judged: Assessment | None) -> tuple[str, bool]:
        if self.kind is ChangeKind.STOP:
            return "Nothing is delivered while the pump is stopped.", True
        if self.kind is ChangeKind.RESUME:
            return f"Delivery goes on at {format_rate(self.present_nl_h)}.", False
        if judged is None or not judged.percent_tenths:
            return "⏎ asks the pump what it would do; nothing changes yet", False
        return _remark(judged)

    def typed(self) -> None:
        """Forget what was said of the text before it was changed."""
        if self.step is Step.ASK:
            self._say("")

    def _judge(self, rate_nl_h: int) -> Assessment:
        return self.rules.assess(self.seen.status, self.moment.snapshot.events, rate_nl_h)

    def _expected_nl_h(self) -> int:
        return 0 if self.kind is ChangeKind.STOP else self.present_nl_h

    def _say(self, said: str, *, warns: bool = False) -> None:
        self.said, self.warns = said, warns

    def _back_to_asking(self, said: str) -> None:
        self.step, self.prepared = Step.ASK, None
        self._say(said, warns=True)

    def _end(self, said: str, *, warns: bool) -> None:
        self.step = Step.ENDED
        self._say(said, warns=warns)


def _remark(judged: Assessment) -> tuple[str, bool]:
    """Return what a bound has to say of a rate, the hardest first, and whether it warns."""
    if judged.hard is not None:
        return judged.hard.sentence, True
    if judged.retype:
        return f"{judged.change}: twice or more, or half or less. Look at the decimal point.", True
    if judged.soft:
        first, *others = judged.soft
        more = f", and {len(others)} more" if others else ""
        return f"{judged.change}: {first.sentence}{more}.", True
    return f"{judged.change}: within the soft limits.", False
