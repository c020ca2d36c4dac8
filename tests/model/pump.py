"""The model's pump: one slot for a prepared change, the ledger of applied ones, and the micro-steps of a commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.model.state import ALREADY_APPLIED, Kind, Link, Reply, Rules, Slot, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.state import Configuration, Pump, Request

_Answer = tuple["Pump", str, int]


def connected(pump: Pump, port: int, session: int, rules: Rules) -> Pump:
    """Return the pump with a new session on a port; the one before it ends, and what was prepared in it."""
    slot = pump.slot
    if (
        slot is not None
        and slot.session == pump.links[port].session
        and rules.a_session_takes_its_slot_with_it
    ):
        slot = None
    return pump._replace(links=put(pump.links, port, Link(session)), slot=slot)


def accepts(link: Link, request: Request, bounds: Configuration, rules: Rules) -> bool:
    """Tell whether the pump takes a host's frame for new."""
    if not link.session or (rules.pump_checks_the_session and request.session != link.session):
        return False
    if (
        link.sent > bounds.requests
    ):  # one that answers the same request for ever would leave no end to the search
        return False
    return request.counter > link.heard or not rules.pump_checks_the_counter


def takes(pump: Pump, port: int, request: Request, rules: Rules) -> Iterator[tuple[Pump, Reply | None]]:
    """Yield the answers that an accepted request may get; none yet where a commit has passed its checks and is begun."""
    link = pump.links[port]._replace(heard=request.counter)
    pump = pump._replace(links=put(pump.links, port, link))
    if request.kind == Kind.PREPARE:
        for answer in _prepares(pump, request, link.session, rules):
            yield _says(answer, port, request.command)
    elif rules.pump_looks_into_the_ledger and request.command in pump.ledger:
        yield _says((pump, Kind.OUTCOME, 1), port, request.command)
    elif request.kind == Kind.RESOLVE:
        yield _says(_resolves(pump, request.command, rules), port, request.command)
    elif pump.slot == (request.command, request.figure, link.session):
        yield pump._replace(slot=None, doing=(rules.order, port, request.command)), None
    else:
        yield _says((pump, Kind.REJECTED, 0), port, request.command)


def goes_on(pump: Pump) -> tuple[str, Pump, Reply | None]:
    """Take the next micro-step of a commit."""
    assert pump.doing is not None
    (step, *left), port, command = pump.doing
    after = pump._replace(doing=(tuple(left), port, command) if left else None)
    if step == "persist":
        return step, after._replace(ledger=(*pump.ledger, command)), None
    if step == "motor":
        return step, after._replace(motor=command), None
    return (step, *_says((after, Kind.OUTCOME, 1), port, command))


def restarted(pump: Pump) -> Pump:
    """Return the pump after a kill: only the ledger is left, and the motor follows it."""
    links = tuple(Link() for _ in pump.links)
    motor = pump.ledger[-1] if pump.ledger else 0
    return pump._replace(links=links, kills=pump.kills - 1, motor=motor, slot=None, doing=None)


def _prepares(pump: Pump, request: Request, session: int, rules: Rules) -> list[_Answer]:
    """Return the answers that a Prepare may get: where it could be prepared, it may still be against the limits."""
    command, slot = request.command, pump.slot
    if rules.pump_looks_into_the_ledger and command in pump.ledger:
        return [(pump, Kind.REJECTED, ALREADY_APPLIED)]
    stale = rules.pump_compares_the_revision and request.figure != len(pump.ledger)
    busy = rules.pump_keeps_the_slot_for_its_owner and slot is not None and slot.command != command
    refused = (pump, Kind.REJECTED, 0)
    if stale or busy:
        return [refused]
    token = pump.tokens + 1 if rules.tokens_are_fresh else 1
    return [(pump._replace(slot=Slot(command, token, session), tokens=token), Kind.PREPARED, token), refused]


def _resolves(pump: Pump, command: int, rules: Rules) -> _Answer:
    """Abort a change that was not applied, and say so for ever."""
    aborted = pump.slot is not None and pump.slot.command == command and rules.resolve_aborts
    slot = None if aborted else pump.slot
    return pump._replace(slot=slot, denied=pump.denied | {command}), Kind.OUTCOME, 0


def _says(answer: _Answer, port: int, command: int) -> tuple[Pump, Reply]:
    """Seal an answer in the port's session."""
    pump, kind, figure = answer
    link = pump.links[port]
    reply = Reply(link.session, link.sent + 1, link.heard, kind, command, figure)
    return pump._replace(links=put(pump.links, port, link._replace(sent=reply.counter))), reply
