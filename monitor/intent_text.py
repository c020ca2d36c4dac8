"""An intent as a line of text, and back: read as strictly as if anybody could have written it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from protocol.fields import MessageError
from protocol.intent import Intent, check_reason
from protocol.machines import Stage
from protocol.messages import Change, Step, build
from protocol.vocabulary import ChangeKind

_FORMAT = 1
_STORE_ID_SIZE = 8


class DamagedError(ValueError):
    """What was read is no intent that this program wrote down."""


def to_line(intent: Intent) -> bytes:
    """Return an intent as a line, its end included."""
    content = asdict(intent) | {
        "format": _FORMAT,
        "command_id": intent.command_id.hex(),
        "store_id": intent.store_id.hex(),
        "stage": intent.stage.name,
    }
    return json.dumps(content).encode() + b"\n"


def from_lines(data: bytes) -> Intent:
    """Return the intent in the last whole line: what follows it was never finished, and nothing was sent on it.

    Raises:
        DamagedError: where there is none.
    """
    try:
        *_, last, _torn = data.split(b"\n")
        return _intent(json.loads(last))
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
        MessageError,
    ) as error:
        raise DamagedError from error


def _intent(content: dict[str, Any]) -> Intent:
    """Return the intent that was written down.

    Raises:
        ValueError, KeyError, TypeError, AttributeError, OverflowError, MessageError: where it was not by this program.
    """
    if content.pop("format") != _FORMAT:
        raise ValueError("another format")
    wanted = content.pop("change")
    steps = tuple(Step(**step) for step in wanted.pop("steps"))
    change = Change(ChangeKind(wanted.pop("kind")), steps=steps, **wanted)
    command_id, store_id = (bytes.fromhex(content.pop(name)) for name in ("command_id", "store_id"))
    stage = Stage[content.pop("stage")]
    intent = Intent(command_id, store_id=store_id, change=change, stage=stage, **content)
    build(intent.prepare())  # refuses figures that no change can have
    new_nl_h = 0 if intent.new_rate_nl_h is None else intent.new_rate_nl_h
    counts: tuple[object, ...] = (intent.noted_s, new_nl_h)
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError("not a count")
    if intent.reason != "" and check_reason(intent.reason) != intent.reason:
        raise ValueError("not a reason")
    if len(store_id) != _STORE_ID_SIZE or not intent.is_open:
        raise ValueError("not an open intent")
    return intent
