"""All checks in the order in which they run, and what of the page none of them can try."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pumpmock.conform import (
    checks_applied,
    checks_back_off,
    checks_frame,
    checks_handshake,
    checks_limits,
    checks_order,
    checks_prepare,
    checks_readings,
    checks_refused,
    checks_requests,
    checks_services,
    checks_session,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pumpmock.conform.check import Check


def sections(checks: Iterable[Check]) -> list[str]:
    """Return the sections of some checks, each once, in the order of the first of each."""
    return list(dict.fromkeys(check.section for check in checks))


def _grouped(*themes: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return checks section by section; within one they keep their order."""
    checks = [check for theme in themes for check in theme]
    order = sections(checks)
    return tuple(sorted(checks, key=lambda check: order.index(check.section)))


# First what everything else stands on; what changes the device late, as a lock-out may follow it; last what shuts its port.
CHECKS: tuple[Check, ...] = (
    *checks_handshake.FIRST,
    *_grouped(
        checks_frame.CHECKS,
        checks_order.CHECKS,
        checks_handshake.CHECKS,
        checks_session.CHECKS,
        checks_requests.CHECKS,
        checks_readings.CHECKS,
    ),
    *_grouped(checks_services.CHECKS, checks_prepare.CHECKS, checks_refused.CHECKS, checks_limits.CHECKS),
    *_grouped(checks_applied.CHECKS),
    *checks_back_off.CHECKS,
)

_BY_ALL = "each check reads such messages by the declaration that this table is made from"
_NUMBERS = "numbers that other checks meet in the messages that carry them"
_HOST = "what a host has to do"
_LOCAL = "not on the wire"
_WORDS = "explains rules of other sections"

# Headings of docs/protocol.md that no check is named after, and why.
UNTRIED: dict[str, str] = {
    "The protocol": _WORDS,
    "In Python": "the same rules as in code",
    "Why you can trust a frame": _WORDS,
    "A session, at the host": _HOST,
    "A session, at the pump: one port": "the diagram of what stands in The handshake and Sessions",
    "A change, at the host": _HOST,
    "Key files": _LOCAL,
    "The bench key": _LOCAL,
    "Examples": "their nonces are fixed; tests/vectors has more of them, for implementations without a device",
    "Vectors": _WORDS,
    "Messages": "see each of them",
    "Hello": "see The handshake",
    "Challenge": "see The handshake",
    "Confirm": "see The handshake",
    "Prepared": "see Changing",
    "Outcome": "see What follows from what",
    "Rejected": "see Requests",
    "Change, a record": "see Prepare",
    "Step, a record": "see Prepare",
    "EventRecord, a record": _BY_ALL,
    "Kinds of change": "see What each kind does",
    "Role": "a property of a key; see Requests for what a viewer is refused",
    "State": _NUMBERS,
    "Mode": _NUMBERS,
    "ChangeKind": _NUMBERS,
    "Verdict": _NUMBERS,
    "Refusal": _NUMBERS,
    "PressRefusal": "nobody can press the patient's button from here",
    "Log": _NUMBERS,
    "Alarms": "nobody can bring an alarm about from here without harm",
    "What this pump does in an alarm": "another pump may do otherwise",
}


def chosen(wanted: str) -> tuple[Check, ...]:
    """Return the checks of a section, by its heading or a part of it; in it, letters may be large or small.

    Raises:
        ValueError: where no section is called so, with those there are.
    """
    exact = tuple(check for check in CHECKS if check.section.lower() == wanted.lower())
    found = exact or tuple(check for check in CHECKS if wanted.lower() in check.section.lower())
    if not found or not wanted:
        raise ValueError(
            f'no section with checks is called "{wanted}": there are {", ".join(sections(CHECKS))}'
        )
    return found
