"""Payloads that are refused: of a wrong size, with a field outside its range, or of a type that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.vectors.bench import Bench
from docs.vectors.given import HOST_NONCE, TECHNICIAN, Json, key_json, spoken, topic
from docs.vectors.typical import TYPICAL
from protocol.dissect import dissect
from protocol.exchange import HostEnd
from protocol.fields import MessageError
from protocol.frame import FROM_DEVICE, MOST_PAYLOAD
from protocol.messages import MESSAGES, Challenge, Confirm, Hello, build, parse
from pumpmock.conform.misshapen import misshapen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.fields import Message
    from protocol.session import Session

_HANDSHAKE = {Hello.code, Challenge.code, Confirm.code}
_UNKNOWN = (0x00, 0x03, 0x1F, 0x25, 0x7F)


def malformed() -> Json:
    """Return refused payloads, each with the field that is at fault and the pump's answer."""
    talk = _Talk()
    requests = [talk.answered(*one) for one in (*_bad_requests(), *_strange_requests())]
    return topic(
        "Payloads that are refused. What a host sends is answered by the pump with Rejected; what a pump sends wrongly "
        "a host passes over. `field` is the first one at fault, empty where the payload is too long.",
        key=key_json(TECHNICIAN),
        opening=talk.opening,
        requests=requests,
        answers=[
            {
                "name": name,
                "message": MESSAGES[code].__name__,
                "type": code,
                "payload": payload.hex(),
                "field": field,
            }
            for name, code, payload, field in _bad_answers()
        ],
    )


class _Talk:
    """A session with the bench pump, in which anything can be sealed."""

    def __init__(self) -> None:
        bench = Bench()
        self._pump = bench.port(0x0100)
        host = HostEnd(TECHNICIAN, HOST_NONCE)
        frames = [host.hello()]
        while frames[-1]:
            reply = self._pump.receive(frames[-1], 0)
            frames += [reply, host.receive(reply)[1]]
        self.opening = [one.hex() for one in frames if one]
        self._host = host
        self._session: Session = host._session  # noqa: SLF001 - a host would never say such things

    def answered(self, name: str, code: int, payload: bytes, field: str | None) -> Json:
        """Send a payload under a type and return the pump's answer."""
        wire = self._session.seal(code, payload)
        reply = self._pump.receive(wire, 0)
        self._host.receive(reply)
        kind = MESSAGES.get(code)
        return {
            "name": name,
            "message": kind.__name__ if kind else None,
            "type": code,
            "payload": payload.hex(),
            "field": field,
            "wire": wire.hex(),
            "answer": spoken(reply),
        }


_Bad = tuple[str, int, bytes, str | None]


def _strange_requests() -> Iterator[_Bad]:
    for code in _UNKNOWN:
        for payload in (b"", b"\0" * MOST_PAYLOAD):
            yield f"type 0x{code:02x} with {len(payload)} bytes", code, payload, None


def _bad_requests() -> Iterator[_Bad]:
    for code, kind in MESSAGES.items():
        if code not in _HANDSHAKE and not code & FROM_DEVICE:
            yield from _bad(TYPICAL[kind])


def _bad_answers() -> Iterator[_Bad]:
    for code, kind in MESSAGES.items():
        if code not in _HANDSHAKE and code & FROM_DEVICE:
            yield from _bad(TYPICAL[kind])


def _bad(messages: tuple[Message, ...]) -> Iterator[_Bad]:
    """Return what can be wrong with a message, each once, by the longest of its examples."""
    message = max(messages, key=lambda one: len(build(one)))
    kind = type(message)
    for what, data in misshapen(message):
        defect = dissect(kind, data).defect
        if defect is None:
            raise ValueError(f"{kind.__name__}, {what}: nothing is wrong with it")
        _check_refused(kind.code, data)
        yield f"{kind.__name__}, {what}", kind.code, data, defect.field


def _check_refused(code: int, payload: bytes) -> None:
    try:
        parse(code, payload)
    except MessageError:
        return
    raise ValueError(f"0x{code:02x} takes {payload.hex()}")
