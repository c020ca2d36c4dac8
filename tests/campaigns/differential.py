"""Our frame, keys and bodies against other people's: COBS, CRC-32, HMAC, HKDF, the vectors of two RFCs, and construct."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import construct

from protocol.fields import MessageError
from protocol.frame import HEADER, MOST_PAYLOAD, TAG_SIZE, VERSION, Damage, encode, examine, header
from protocol.keys import expand, extract
from protocol.messages import MESSAGES, build, construct_of, parse
from protocol.session import Side, Tagger, session_keys, tag
from tests.campaigns import oracle
from tests.campaigns.bodies import allowed, message, plain
from tests.campaigns.campaign import Achieved, Campaign, dice, under
from tests.campaigns.defects import (
    another_polynomial,
    fields_swapped,
    label_left_out,
    no_ranges,
    no_sums,
    tags_of_another_hash,
)

if TYPE_CHECKING:
    from random import Random

_CODES = sorted(MESSAGES)
_SHOWN = 100  # characters of what disagrees

# RFC 4231, test cases 1 to 4, 6 and 7, and 5, which is cut to 16 bytes there as it is here: key, data, first 16 bytes.
_RFC_4231 = (
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b"),
    (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c7"),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a7"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a"),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f",
    ),
    (
        b"\xaa" * 131,
        (
            b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
            b"be hashed before being used by the HMAC algorithm."
        ),
        "9b09ffa71b942fcb27635fbcd5b0e944",
    ),
)

# RFC 5869, test cases 1 and 3 (2 has a longer block than we ever expand): material, salt, info, extracted key, first 32 bytes of what is expanded.
_RFC_5869 = (
    (
        b"\x0b" * 22,
        bytes(range(0x0D)),
        bytes(range(0xF0, 0xFA)),
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
    ),
    (
        b"\x0b" * 22,
        b"",
        b"",
        "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
    ),
)


def run(size: int, seed: int) -> Achieved:
    """Check the vectors, then `size` times each of our functions against another's, on inputs by chance."""
    achieved = Achieved()
    _vectors(achieved)
    chance = dice(seed)
    for _ in range(size):
        _frames(achieved, chance)
        _damaged_runs(achieved, chance)
        _keys(achieved, chance)
        for code in _CODES:
            _bodies(achieved, code, chance)
            _any_payload(achieved, code, chance)
    return achieved


def _hold(achieved: Achieved, what: str, ours: object, theirs: object, given: object) -> None:
    achieved.add(what)
    if ours != theirs:
        shown = (repr(each)[:_SHOWN] for each in (given, ours, theirs))
        achieved.fail("{}: {} gives {} and not {}".format(what, *shown))


def _vectors(achieved: Achieved) -> None:
    for key, data, digest in _RFC_4231:
        _hold(achieved, "vectors of RFC 4231", tag(key, data[:3], data[3:]).hex(), digest, data)
    for material, salt, info, root, block in _RFC_5869:
        found = extract(salt, material)
        _hold(achieved, "vectors of RFC 5869", (found.hex(), expand(found, info).hex()), (root, block), info)
    check = b"123456789"
    framed = encode(check, b"")
    _hold(achieved, "check values of the CRC-32", framed[-5:-1].hex(), "2639f4cb", check)


def _frames(achieved: Achieved, chance: Random) -> None:
    session, counter, ack = (
        chance.choice((0, 1, 0x0100, chance.getrandbits(32), 2**32 - 1)) for _ in range(3)
    )
    payload = _payload(chance)
    signed = header(chance.randrange(256), session, counter, ack, payload) + payload
    ours = encode(signed, tagged := chance.randbytes(TAG_SIZE))
    _hold(achieved, "frames encoded", ours, oracle.encode(signed, tagged), signed.hex())
    _hold(achieved, "frames decoded", _parts(ours[1:-1]), oracle.examine(ours[1:-1]), ours.hex())


def _payload(chance: Random) -> bytes:
    size = chance.choice((0, 1, MOST_PAYLOAD, chance.randint(0, MOST_PAYLOAD)))
    return chance.choice(
        (bytes(size), chance.randbytes(size), bytes(chance.choices(b"\0\0\x01\xff", k=size)))
    )


def _parts(run_: bytes) -> tuple[bytes, bytes] | Damage:
    found = examine(run_)
    return found if isinstance(found, Damage) else (found.signed, found.tag)


def _damaged_runs(achieved: Achieved, chance: Random) -> None:
    """Compare what is said of runs of which the sum is right and little else, and of runs of any bytes."""
    fields = (chance.choice((VERSION, VERSION, 0, 2)), 0x11, *(0,) * 3, chance.randrange(256))
    body = HEADER.pack(*fields) + chance.randbytes(chance.randrange(220))
    right_sum = oracle.encode(body, b"")[1:-1] if len(body) < MOST_PAYLOAD + 50 else b""
    chain = bytes(chance.choices((1, 1, 1, 2, 3, 7), k=chance.randint(1, 240)))
    any_bytes = chance.randbytes(chance.randint(1, 240)).replace(b"\0", b"\x01")
    for given in (right_sum, chain, any_bytes):
        _hold(achieved, "damaged runs", _parts(given), oracle.examine(given), given.hex())


def _keys(achieved: Achieved, chance: Random) -> None:
    key, data, nonces = chance.randbytes(32), chance.randbytes(chance.randrange(300)), chance.randbytes(32)
    digest = oracle.mac(key, data)[:TAG_SIZE]
    _hold(achieved, "tags", (tag(key, data), Tagger(key).tag(data)), (digest, digest), data.hex())
    _hold(achieved, "keys expanded", expand(key, data), oracle.expand(key, data), data.hex())
    number, context = chance.getrandbits(32), chance.randbytes(9)
    ours = session_keys(number, secret=key, nonces=nonces, context=context)
    bound = number.to_bytes(4, "little") + context
    for side, name in ((Side.HOST, b"host"), (Side.DEVICE, b"device")):
        theirs = oracle.derive(key, nonces, b"pump1 " + name + b" " + bound)
        _hold(achieved, "session keys", ours[side], theirs, bound.hex())


def _bodies(achieved: Achieved, code: int, chance: Random) -> None:
    declared: Any = construct_of(code)
    body = message(MESSAGES[code], chance)
    ours, fields = build(body), plain(body)
    _hold(achieved, "bodies built", ours, declared.build(fields), body)
    _hold(achieved, "bodies parsed", _parsed(code, ours), plain(declared.parse(ours)), body)


def _any_payload(achieved: Achieved, code: int, chance: Random) -> None:
    """Compare whether, and as what, payloads are taken that are a message's but for a byte or the length."""
    payload = bytearray(build(message(MESSAGES[code], chance)))
    if payload and chance.random() < 1 / 2:
        payload[chance.randrange(len(payload))] = chance.choice(
            (0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256))
        )
    else:
        payload[len(payload) + chance.randint(-2, 0) :] = chance.randbytes(chance.randrange(3))
    given = bytes(payload[:MOST_PAYLOAD])
    _hold(
        achieved,
        "payloads taken or refused",
        _parsed(code, given),
        _by_construct(code, given),
        (code, given.hex()),
    )


def _parsed(code: int, payload: bytes) -> dict[str, Any] | None:
    try:
        fields: dict[str, Any] = plain(parse(code, payload))
    except MessageError:
        return None
    return fields


def _by_construct(code: int, payload: bytes) -> dict[str, Any] | None:
    declared: Any = construct_of(code)
    whole = construct.Struct("body" / declared, construct.Terminated)
    try:
        fields: dict[str, Any] = plain(whole.parse(payload).body)
    except construct.ConstructError:
        return None
    return fields if allowed(MESSAGES[code], fields) else None


CAMPAIGN = Campaign(
    number=5,
    name="differential",
    promise="frames, sums, tags and keys are those of the cobs and cryptography packages, of a CRC-32 worked out bit by "
    "bit and of RFC 4231 and 5869; bodies are those that construct makes of the declaration",
    run=run,
    controls={
        "a CRC-32 of another polynomial": under(another_polynomial, run),
        "a decoder that takes every CRC-32 for right": under(no_sums, run),
        "tags of SHA-1": under(tags_of_another_hash, run),
        "a key derived without its label": under(label_left_out, run),
        "a parser that swaps two fields": under(fields_swapped, run),
        "a parser that checks no ranges": under(no_ranges, run),
    },
    counts="rounds of a frame, three damaged runs, keys, and two bodies of every type",
    short=40,
    full=20_000,
)
