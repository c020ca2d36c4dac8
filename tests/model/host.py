"""The model's host: decides, prepares, compares, commits, resolves; what it needs after a kill is on its disk before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.model.state import ALREADY_APPLIED, Kind, Record, Request, Rules, Stage, command_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.state import Configuration, Host, Reply

_MAY_PREPARE = (Stage.DECIDED, Stage.PREPARING, Stage.READ_BACK)
_MAY_RESOLVE = (Stage.PREPARING, Stage.READ_BACK, Stage.COMMITTING, Stage.RESOLVING)


def has_more_to_do(host: Host, bounds: Configuration) -> bool:
    """Tell whether a host is not through with its operator's wish."""
    return host.stage != Stage.DONE or _may_retry(host, bounds)


def decisions(host: Host, bounds: Configuration, rules: Rules, revision: int) -> Iterator[Host]:
    """Yield the host after its operator has decided, having seen any revision that there ever was up to `revision`.

    The command id is on the disk before anything is sent. An operator who tries again does so on a verdict.
    """
    hasty = host.stage == Stage.COMMITTING and host.waiting and not rules.a_retry_waits_for_the_verdict
    again = (hasty and len(host.disk) < bounds.changes) or _may_retry(host, bounds)
    if host.stage == Stage.IDLE or again:
        record = Record.INTENT if rules.host_records_before_it_sends else Record.NOTHING
        decided = host._replace(stage=Stage.DECIDED, waiting=False, token=0, disk=(*host.disk, record))
        for seen in range(revision + 1):
            yield decided._replace(seen=(*host.seen, seen))


def requests(host: Host, port: int, bounds: Configuration, rules: Rules) -> Iterator[tuple[Host, Request]]:
    """Yield what a host may send, and the host after it. A request that waits for its answer may be given up for another.

    Commit is sent once. After Resolve neither Prepare nor Commit is sent, and the read-back's token is forgotten.
    """
    if not host.session or host.sent >= bounds.requests:
        return
    resolved = host.stage == Stage.RESOLVING
    if host.stage in _MAY_PREPARE or (resolved and not rules.what_is_resolved_is_not_sent_again):
        yield _sends(host, port, Stage.PREPARING, Kind.PREPARE, host.seen[-1])
    if host.stage == Stage.READ_BACK:
        yield _sends(host, port, Stage.COMMITTING, Kind.COMMIT, host.token)
    if host.stage in _MAY_RESOLVE:
        yield _sends(host, port, Stage.RESOLVING, Kind.RESOLVE, 0)


def given_up(host: Host, rules: Rules) -> Iterator[Host]:
    """Yield the host that takes a missing answer for a verdict."""
    if host.stage == Stage.COMMITTING and host.waiting and not rules.a_timeout_is_no_verdict:
        yield _settled(host, Record.NOT_APPLIED)


def connected(host: Host, session: int) -> Host:
    """Return the host in its next session."""
    return host._replace(opened=host.opened + 1, session=session, sent=0, heard=0, waiting=False)


def accepts(host: Host, reply: Reply, rules: Rules) -> bool:
    """Tell whether a host takes a frame of the pump for new."""
    if not host.session or (rules.host_checks_the_session and reply.session != host.session):
        return False
    return reply.counter > host.heard or not rules.host_checks_the_counter


def hears(host: Host, reply: Reply, port: int, rules: Rules) -> Host:
    """Return the host after an accepted frame: the answer to its newest request, if it acknowledges that."""
    host = host._replace(heard=reply.counter)
    if not host.waiting or (rules.host_checks_the_ack and reply.ack < host.sent):
        return host
    host = host._replace(waiting=False)
    if reply.kind == Kind.OUTCOME and host.stage in (Stage.COMMITTING, Stage.RESOLVING):
        return _settled(host, Record.APPLIED if reply.figure else Record.NOT_APPLIED)
    if reply.kind == Kind.REJECTED and host.stage in (Stage.PREPARING, Stage.COMMITTING):
        return host if reply.figure == ALREADY_APPLIED else _settled(host, Record.NOT_APPLIED)
    if reply.kind == Kind.PREPARED and host.stage == Stage.PREPARING:
        if reply.command != command_id(port, len(host.disk) - 1):
            return host._replace(stage=Stage.RESOLVING)
        return host._replace(stage=Stage.READ_BACK, token=reply.figure)
    return host


def started_again(host: Host) -> Host:
    """Return a host after a kill: what has no verdict on its disk is resolved before anything else."""
    stages = {Record.NOTHING: Stage.IDLE, Record.INTENT: Stage.RESOLVING}
    stage = stages.get(host.disk[-1], Stage.DONE)
    return host._replace(
        kills=host.kills - 1, session=0, sent=0, heard=0, waiting=False, stage=stage, token=0
    )


def _may_retry(host: Host, bounds: Configuration) -> bool:
    refused = host.stage == Stage.DONE and host.disk[-1] == Record.NOT_APPLIED
    return refused and len(host.disk) < bounds.changes


def _sends(host: Host, port: int, stage: str, kind: str, figure: int) -> tuple[Host, Request]:
    request = Request(host.session, host.sent + 1, kind, command_id(port, len(host.disk) - 1), figure)
    return host._replace(stage=stage, sent=host.sent + 1, waiting=True, token=0), request


def _settled(host: Host, verdict: str) -> Host:
    """Record a verdict."""
    return host._replace(stage=Stage.DONE, waiting=False, token=0, disk=(*host.disk[:-1], verdict))
