"""The change of a rate between one or two hosts and a pump, as docs/protocol.md has it, small enough to try everything.

The network may deliver any frame ever sent, never, late, twice, in any order and on any port. Either side may be killed
between any two of its steps, a prepared change may expire at any time, and what an operator saw may be old. Tags are
taken for granted: an attacker without the key can deliver frames, not make them (`tests.model.handshake`).

Where the page leaves a host free, the model's host is the bolder one: it takes a refusal as final, it writes nothing
down before Commit but the command id before Prepare, and it lets an answer answer whatever it asked last, by ack alone.
Its pump is the more forgetful one: it keeps no list of changes that were resolved as not applied, as any list has an end.
Bit errors, limits and full disks have no steps of their own: a damaged frame is one that never came, and to refuse a
Commit for a limit or for want of a place to store it comes to what expiry just before it does.

`Rules` names each thing that a side has to do right; `tests.model.catalogue` has the mutants that don't.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.model import host as hosts_part
from tests.model import pump as pumps_part
from tests.model.explore import search
from tests.model.state import Configuration, Host, Link, Pump, Record, Rules, command_id, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.explore import Explored, Step
    from tests.model.state import Reply, Spot

    Steps = Iterator[tuple[Step, Spot]]

ONCE = "a change is applied once at the most"
TRUE_IF_APPLIED = "what a host holds for applied was applied"
TRUE_IF_NOT = "what was told or is held as not applied is not applied, ever"
NOT_PREPARED = "what was told as not applied is not prepared any more"
RECORDED_RATE = "the motor turns at a recorded rate only"
HOST_KNOWS = "a change that was applied is in its host's records"
AS_SEEN = "a change is applied on the revision that its operator saw"
PROMISES = (ONCE, TRUE_IF_APPLIED, TRUE_IF_NOT, NOT_PREPARED, RECORDED_RATE, HOST_KNOWS, AS_SEEN)


def start(bounds: Configuration) -> Spot:
    """Return the state before anything was said."""
    ports = range(bounds.hosts)
    pump = Pump(tuple(Link() for _ in ports), bounds.pump_kills)
    return (
        pump,
        tuple(Host(bounds.host_kills) for _ in ports),
        tuple(() for _ in ports),
        tuple(() for _ in ports),
    )


def steps(spot: Spot, bounds: Configuration, rules: Rules) -> Steps:
    """Yield each step that can be taken from a state, and where it leads."""
    pump, hosts, requests, replies = spot
    if pump.kills:
        yield ("the pump is killed and starts",), (pumps_part.restarted(pump), hosts, requests, replies)
    if pump.doing is not None:
        # Nobody sees the pump between two frames: until this one is done with, only a kill can come between.
        step, after, reply = pumps_part.goes_on(pump)
        yield ("the pump does", step), _answered(spot, pump.doing[1], after, reply)
        return
    if pump.slot is not None:
        yield ("what was prepared expires",), (pump._replace(slot=None), hosts, requests, replies)
    for port, host in enumerate(hosts):
        if hosts_part.has_more_to_do(host, bounds):
            yield from _acts(spot, port, host, bounds, rules)
        yield from _deliveries(spot, port, host, bounds, rules)


def _acts(spot: Spot, port: int, host: Host, bounds: Configuration, rules: Rules) -> Steps:
    """Yield what a host does of its own accord, and the kill."""
    pump, hosts, requests, replies = spot
    if host.kills and host.disk:
        killed = hosts_part.started_again(host)
        yield ("host", port, "is killed and starts"), (pump, put(hosts, port, killed), requests, replies)
    if host.opened < bounds.sessions:
        session = port * bounds.sessions + host.opened + 1
        opened = put(hosts, port, hosts_part.connected(host, session))
        answering = pumps_part.connected(pump, port, session, rules)
        yield ("host", port, "opens session", session), (answering, opened, requests, replies)
    for decided in hosts_part.decisions(host, bounds, rules, len(pump.ledger)):
        step = ("host", port, "decides, having seen revision", decided.seen[-1])
        yield step, (pump, put(hosts, port, decided), requests, replies)
    for settled in hosts_part.given_up(host, rules):
        yield ("host", port, "gives up"), (pump, put(hosts, port, settled), requests, replies)
    for waiting, request in hosts_part.requests(host, port, bounds, rules):
        sent = put(requests, port, (*requests[port], request))
        yield ("host", port, "sends", request), (pump, put(hosts, port, waiting), sent, replies)


def _deliveries(spot: Spot, port: int, host: Host, bounds: Configuration, rules: Rules) -> Steps:
    """Yield the arrival on a port of each frame ever sent on any, where it is not dropped."""
    pump, hosts, requests, replies = spot
    for sent in requests:
        for request in sent:
            if pumps_part.accepts(pump.links[port], request, bounds, rules):
                for after, reply in pumps_part.takes(pump, port, request, rules):
                    step = ("the pump takes", request, "and says", reply.kind if reply else "nothing yet")
                    yield step, _answered(spot, port, after, reply)
    for said in replies:
        for reply in said:
            if hosts_part.accepts(host, reply, rules):
                heard = put(hosts, port, hosts_part.hears(host, reply, port, rules))
                yield ("host", port, "hears", reply), (pump, heard, requests, replies)


def _answered(spot: Spot, port: int, pump: Pump, reply: Reply | None) -> Spot:
    """Put the pump's answer on the network."""
    _, hosts, requests, replies = spot
    if reply is not None:
        replies = put(replies, port, (*replies[port], reply))
    return pump, hosts, requests, replies


def broken(spot: Spot) -> Iterator[str]:
    """Yield the promises that a state breaks."""
    pump, hosts = spot[0], spot[1]
    if pump.motor and pump.motor not in pump.ledger:
        yield RECORDED_RATE
    if not pump.denied.isdisjoint(pump.ledger):
        yield TRUE_IF_NOT
    if pump.slot is not None and pump.slot.command in pump.denied:
        yield NOT_PREPARED
    for port, host in enumerate(hosts):
        yield from _broken_to(host, port, pump.ledger)


def _broken_to(host: Host, port: int, ledger: tuple[int, ...]) -> Iterator[str]:
    applied = 0
    for change, record in enumerate(host.disk):
        command = command_id(port, change)
        if command not in ledger:
            if record == Record.APPLIED:
                yield TRUE_IF_APPLIED
            continue
        applied += ledger.count(command)
        if record == Record.NOTHING:
            yield HOST_KNOWS
        elif record == Record.NOT_APPLIED:
            yield TRUE_IF_NOT
        if ledger.index(command) != host.seen[change]:
            yield AS_SEEN
    if applied > 1:
        yield ONCE


def explore(
    bounds: Configuration,
    rules: Rules | None = None,
    *,
    promises: tuple[str, ...] = PROMISES,
    most_states: int | None = None,
) -> Explored:
    """Try everything within `bounds` until one of `promises` is broken; the right rules break none."""
    given = rules or Rules()
    return search(
        start(bounds),
        lambda spot: steps(spot, bounds, given),
        lambda spot: next((promise for promise in broken(spot) if promise in promises), None),
        most_states=most_states,
    )
