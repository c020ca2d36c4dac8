"""Runs checks one after another, whatever becomes of them, and undoes what was changed."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from pumpmock.conform.check import WANTING, FailedError, Need, SkippedError, ensure
from pumpmock.conform.desk import noted, put_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pumpmock.conform.check import Check
    from pumpmock.conform.desk import Before
    from pumpmock.conform.line import Sent
    from pumpmock.conform.rig import Rig


class Verdict(Enum):
    """What became of a check."""

    OK = "ok"
    FAILED = "FAILED"
    SKIPPED = "skipped"


class Result(NamedTuple):
    """A check that was done with.

    Attributes:
        check: which one.
        verdict: what became of it.
        why: why it was skipped; else empty.
        expected: what the page demands, where it failed.
        got: what the device did, where it failed.
        seen: what passed on the line, where it failed.
        took_ms: how long it took, wall time.
    """

    check: Check
    verdict: Verdict
    why: str = ""
    expected: str = ""
    got: str = ""
    seen: tuple[Sent, ...] = ()
    took_ms: int = 0


def wanting(needs: Need, offered: Need) -> str:
    """Return why a check can't be run with what is offered; empty if it can."""
    return next((WANTING[need] for need in WANTING if need in needs and need not in offered), "")


class Runner:
    """Runs checks against one device.

    Args:
        rig: at the device; its session may be open.
        offered: what checks may have.
        beginning: told of each check that is about to be tried.
    """

    def __init__(
        self, rig: Rig, offered: Need, beginning: Callable[[Check], None] = lambda _check: None
    ) -> None:
        self._rig = rig
        self._offered = offered
        self._beginning = beginning
        self._given_up = False
        self._before: Before | None = None
        self._stranger = ""

    def results(self, checks: Iterable[Check]) -> Iterator[Result]:
        """Return what becomes of each check, as it is done with.

        Raises:
            LinkError: where the line has gone.
        """
        for check in checks:
            why = wanting(check.needs, self._offered)
            if not why and self._given_up:
                why = "the device opens no session any more"
            yield Result(check, Verdict.SKIPPED, why) if why else self._tried(check)

    def _tried(self, check: Check) -> Result:
        self._beginning(check)
        rig = self._rig
        began_ms = rig.outside.now_ms()
        try:
            self._ready_for(check)
            if why := self._strange(check):
                return self._result(check, Verdict.SKIPPED, began_ms, why=why)
            check.run(rig)
            rig.silence()  # what a device says unasked comes before the answer to this Poll
            why = self._strange(check)
            ensure(so=not why, expected="a device that nothing but one Commit changes", got=why)
        except SkippedError as skipped:
            return self._result(check, Verdict.SKIPPED, began_ms, why=str(skipped))
        except FailedError as failed:
            rig.session = None  # whatever is open or prepared there: the next check begins anew
            seen = tuple(rig.seen)
            return self._result(
                check, Verdict.FAILED, began_ms, expected=failed.expected, got=failed.got, seen=seen
            )
        return self._result(check, Verdict.OK, began_ms)

    def _result(
        self,
        check: Check,
        verdict: Verdict,
        began_ms: int,
        *,
        why: str = "",
        expected: str = "",
        got: str = "",
        seen: tuple[Sent, ...] = (),
    ) -> Result:
        took_ms = self._rig.outside.now_ms() - began_ms
        return Result(check, verdict, why, expected, got, seen, took_ms)

    def _ready_for(self, check: Check) -> None:
        """Have a session open under the key that the check is to be run with."""
        rig, keys = self._rig, self._rig.keys
        viewing = Need.VIEWER in check.needs or (Need.GUARDED in check.needs and keys.viewer is not None)
        changing = Need.CHANGES in check.needs or (Need.GUARDED in check.needs and not viewing)
        wanted = keys.changer if changing else keys.reader
        rig.seen.clear()
        rig.raw = b""
        if rig.session is None or rig.session.key != wanted:
            try:
                rig.open(wanted) if rig.session is not None else rig.reopen(wanted)
            except FailedError as error:
                self._given_up = True
                raise FailedError(f"a session to begin with: {error.expected}", error.got) from error
        if changing and self._before is None:
            self._before = noted(rig)

    def _strange(self, check: Check) -> str:
        """Say why nothing more that could change the device may be sent; empty while nothing but the one Commit changed it.

        A device may carry out what it was only asked to prepare, and another host may be at work: with either, to go on
        could do harm.
        """
        if Need.CHANGES in check.needs and not self._stranger:
            first, now = self._rig.first, self._rig.silence()
            wanted = 0 if first is None else first.revision + (self._rig.made is not None)
            if now.revision != wanted:
                self._stranger = f"the revision is {now.revision}, not {wanted}: something else than the one Commit changes the device"
        return self._stranger if Need.CHANGES in check.needs else ""

    def undo(self) -> str:
        """Put the device back to what it was, and return a sentence about it; empty if it never left.

        Raises:
            FailedError: where that can't be done.
            LinkError: where the line has gone.
        """
        before, self._before = self._before, None
        if before is None:
            return ""
        with suppress(FailedError):
            return put_back(self._rig, before)
        return put_back(
            self._rig, before
        )  # once more, from a new session; a lost answer is no reason to give up
