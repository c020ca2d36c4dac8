"""The back-off after wrong tags. It shuts the port for seconds to everybody, so it comes last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protocol.handshake import BAD_TAGS_ALLOWED
from protocol.messages import Poll, Status
from pumpmock.conform.check import Check, SkippedError, demand, ensure
from pumpmock.conform.forge import turned
from pumpmock.conform.told import told

if TYPE_CHECKING:
    from pumpmock.conform.rig import Rig

HANDSHAKE = "The handshake"
_FIRST_MS = 1_000


def _wrong_hello(rig: Rig) -> bytes:
    key = rig.open_session.key
    return rig.greeting(replace(key, secret=turned(key.secret, 0))).wire()


def _wrong_tags(rig: Rig) -> int:
    """Send three, and return the moment before."""
    began_ms = rig.outside.now_ms()
    for _ in range(BAD_TAGS_ALLOWED):
        rig.silence(_wrong_hello(rig))
    return began_ms


def _wait(rig: Rig) -> None:
    """Wait until handshakes are answered again, and open a session, which starts the count anew."""
    left_ms = rig.statistics().deaf_ms
    rig.say(f"waiting {left_ms} ms until the device answers handshakes again")
    rig.outside.sleep(left_ms + 1)
    rig.open(rig.open_session.key)


def _deaf(rig: Rig, since_ms: int, whole_ms: int) -> int:
    """Demand that handshakes are ignored, for so long from a wrong tag on that came at that moment or later."""
    found = rig.statistics().deaf_ms
    least_ms = max(0, whole_ms - (rig.outside.now_ms() - since_ms) - 1)
    within = least_ms <= found <= whole_ms
    ensure(so=within, expected=f"deaf_ms of {least_ms} to {whole_ms}", got=found)
    return found


def _ignores(rig: Rig) -> None:
    rig.open(rig.open_session.key)
    demand(rig.statistics().deaf_ms, 0, "deaf_ms before any wrong tag:")
    began_ms = _wrong_tags(rig)
    _deaf(rig, began_ms, _FIRST_MS)
    before, _ = rig.before_a_poll(rig.greeting(rig.open_session.key).wire())
    in_time = rig.outside.now_ms() - began_ms < _FIRST_MS
    ensure(so=not before or not in_time, expected="silence for 1 s", got=told(before[0]) if before else "")
    rig.ask(Poll(), Status)
    _wait(rig)
    if before:
        raise SkippedError("the line is too slow to see a back-off of 1 s")


def _two_are_allowed(rig: Rig) -> None:
    rig.open(rig.open_session.key)
    for _ in range(BAD_TAGS_ALLOWED - 1):
        rig.silence(_wrong_hello(rig))
    demand(rig.statistics().deaf_ms, 0, "deaf_ms after two wrong tags:")
    rig.open(rig.open_session.key)


def _not_prolonged(rig: Rig) -> None:
    rig.open(rig.open_session.key)
    first_ms = _deaf(rig, _wrong_tags(rig), _FIRST_MS)
    if first_ms:
        rig.silence(_wrong_hello(rig))
        found = rig.statistics().deaf_ms
        ensure(so=found <= first_ms, expected=f"deaf_ms of {first_ms} at the most", got=found)
    _wait(rig)


def _doubled(rig: Rig) -> None:
    rig.open(rig.open_session.key)
    rig.outside.sleep(_deaf(rig, _wrong_tags(rig), _FIRST_MS) + 1)
    began_ms = rig.outside.now_ms()
    rig.silence(_wrong_hello(rig))
    _deaf(rig, began_ms, 2 * _FIRST_MS)
    _wait(rig)
    rig.silence(_wrong_hello(rig))
    demand(
        rig.statistics().deaf_ms, 0, "deaf_ms after a session has started the count anew, and one wrong tag:"
    )
    rig.open(rig.open_session.key)


CHECKS = (
    Check(HANDSHAKE, "two wrong tags in a row are passed over", _two_are_allowed),
    Check(
        HANDSHAKE, "after three wrong tags handshakes meet silence for 1 s, and the session goes on", _ignores
    ),
    Check(HANDSHAKE, "what arrives meanwhile does not prolong it", _not_prolonged),
    Check(HANDSHAKE, "the next wrong tag shuts it for 2 s, and a session starts the count anew", _doubled),
)
