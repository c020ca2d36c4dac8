"""The handshake: each side shows that it holds the key, now; whatever else comes meets silence, and ends no session."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from protocol.keys import KEY_ID_SIZE
from protocol.messages import Identify, Identity, Poll, Status
from pumpmock.conform.check import Check, Need, demand, ensure
from pumpmock.conform.checks_order import uncounted
from pumpmock.conform.forge import turned

if TYPE_CHECKING:
    from protocol.keys import Key
    from pumpmock.conform.forge import Greeting
    from pumpmock.conform.rig import Rig

HANDSHAKE, CONVENTIONS = "The handshake", "Conventions"
_MINORS = (0, 1, 255)
_LATE_MS = 5_500  # PENDING_MS, and half a second for two clocks that differ
_FRESH = 4  # offers that are held against each other


def _key(rig: Rig) -> Key:
    return rig.open_session.key


def _opens(rig: Rig) -> None:
    rig.session = None
    first = rig.open()
    demand(rig.ask(Poll(), Status).boot, first.boot, "Status.boot")


def _says_who_it_is(rig: Rig) -> None:
    rig.open()
    challenge = rig.offer.challenge if rig.offer else None
    identity = rig.ask(Identify(), Identity)
    name = identity.serial_number.encode("ascii").ljust(8, b"\0")
    told = (name, identity.store_id, identity.boot, identity.minor_version)
    offered = challenge and (
        challenge.device_id,
        challenge.store_id,
        challenge.boot,
        challenge.minor_version,
    )
    demand(told, offered, "who it is, store, boot and minor version as in the Challenge:")


def _any_minor(rig: Rig) -> None:
    for minor in _MINORS:
        rig.challenged(replace(rig.greeting(_key(rig)), minor_version=minor))


def _any_header(rig: Rig) -> None:
    rig.challenged(replace(rig.greeting(_key(rig)), header=(5, 9, 7)))


def _any_counts(rig: Rig) -> None:
    offer = rig.challenged(rig.greeting(_key(rig)))
    rig.confirmed(offer, offer.confirm(counts=(9, 7)))


def _fresh(rig: Rig) -> None:
    greeting = rig.greeting(_key(rig))
    offers = [rig.challenged(greeting).challenge for _ in range(_FRESH)]
    for name in ("device_nonce", "session"):
        found = [getattr(offer, name) for offer in offers]
        ensure(so=len(set(found)) == _FRESH, expected=f"a fresh {name} in each Challenge", got=found)


def _hello_in_silence(rig: Rig, greeting: Greeting, cut: int = 0) -> None:
    uncounted(rig, lambda _session: greeting.wire(cut))


def _unknown_key(rig: Rig) -> None:
    key = _key(rig)
    ids = {one.key_id for one in (rig.keys.viewer, rig.keys.changer) if one}
    unknown = next(one for one in iter(lambda: rig.outside.random(KEY_ID_SIZE), b"") if one not in ids)
    _hello_in_silence(rig, rig.greeting(replace(key, key_id=unknown)))


def _hello_too_short(rig: Rig) -> None:
    _hello_in_silence(rig, rig.greeting(_key(rig)), cut=1)


def _hello_too_long(rig: Rig) -> None:
    _hello_in_silence(rig, replace(rig.greeting(_key(rig)), surplus=b"\0"))


def _confirm_with_payload(rig: Rig) -> None:
    offer = rig.challenged(rig.greeting(_key(rig)))
    uncounted(rig, lambda _session: offer.confirm(payload=b"\0"))


def _wrong_key(key: Key) -> Key:
    return replace(key, secret=turned(key.secret, 0))


def _hello_wrong_tag(rig: Rig) -> None:
    _counted_once(rig, rig.greeting(_wrong_key(_key(rig))).wire())


def _confirm_wrong_tag(rig: Rig) -> None:
    offer = rig.challenged(rig.greeting(_key(rig)))
    _counted_once(rig, offer.confirm(key=_wrong_key(_key(rig))))


def _counted_once(rig: Rig, wire: bytes) -> None:
    before = rig.statistics().bad_handshake
    rig.silence(wire)
    demand(rig.statistics().bad_handshake - before, 1, "bad_handshake risen by")
    rig.open()  # so that wrong tags of different checks do not add up to a back-off


def _confirm_of_another_session(rig: Rig) -> None:
    offer = rig.challenged(rig.greeting(_key(rig)))
    uncounted(rig, lambda _session: offer.confirm(session=offer.challenge.session ^ 1))


def _replayed_hello(rig: Rig) -> None:
    """An old Hello is challenged, as it is as good as new; its old Confirm answers no new challenge."""
    greeting = rig.greeting(_key(rig))
    old = rig.challenged(greeting)
    rig.confirmed(old)
    rig.challenged(greeting)
    uncounted(rig, lambda _session: old.confirm())


def _replayed_confirm(rig: Rig) -> None:
    offer = rig.challenged(rig.greeting(_key(rig)))
    rig.confirmed(offer)
    uncounted(rig, lambda _session: offer.confirm())


def _newest_hello(rig: Rig) -> None:
    old = rig.challenged(rig.greeting(_key(rig)))
    rig.challenged(rig.greeting(_key(rig)))
    uncounted(rig, lambda _session: old.confirm())


def _session_survives(rig: Rig) -> None:
    number = rig.open_session.number
    offer = rig.challenged(rig.greeting(_key(rig)))
    rig.silence(offer.confirm(key=_wrong_key(_key(rig))))
    rig.ask(Poll(), Status)
    demand(rig.open_session.number, number, "session")
    rig.confirmed(rig.challenged(rig.greeting(_key(rig))))


def _the_next_one_ends_it(rig: Rig) -> None:
    old = rig.open_session
    rig.open(old.key)
    before = rig.statistics().bad_session
    rig.silence(old.seal(Poll.code))
    demand(rig.statistics().bad_session - before, 1, "bad_session risen by")


def _late_confirm(rig: Rig) -> None:
    offer = rig.challenged(rig.greeting(_key(rig)))
    rig.say(f"waiting {_LATE_MS} ms until the challenge is too old")
    rig.outside.sleep(_LATE_MS)
    uncounted(rig, lambda _session: offer.confirm())


# On which all others stand.
FIRST = (Check(HANDSHAKE, "Hello, Challenge, Confirm and a Status open a session", _opens),)
CHECKS = (
    Check(HANDSHAKE, "the Challenge and the Identity tell of the same device", _says_who_it_is),
    Check(CONVENTIONS, "a host of any minor version is answered", _any_minor),
    Check(HANDSHAKE, "session, counter and ack of a Hello have no effect", _any_header),
    Check(HANDSHAKE, "counter and ack of a Confirm have no effect", _any_counts),
    Check(HANDSHAKE, "nonce and session number are fresh in each Challenge", _fresh),
    Check(HANDSHAKE, "a Hello with an unknown key id meets silence, and is not counted", _unknown_key),
    Check(HANDSHAKE, "a Hello a byte too short meets silence, and is not counted", _hello_too_short),
    Check(HANDSHAKE, "a Hello a byte too long meets silence, and is not counted", _hello_too_long),
    Check(HANDSHAKE, "a Confirm with a payload meets silence, and is not counted", _confirm_with_payload),
    Check(HANDSHAKE, "a Hello with a wrong tag meets silence, and is counted", _hello_wrong_tag),
    Check(HANDSHAKE, "a Confirm with a wrong tag meets silence, and is counted", _confirm_wrong_tag),
    Check(
        HANDSHAKE,
        "a Confirm for another session meets silence, and is not counted",
        _confirm_of_another_session,
    ),
    Check(HANDSHAKE, "a recorded Hello leads to no session by its recorded Confirm", _replayed_hello),
    Check(HANDSHAKE, "a recorded Confirm opens nothing again", _replayed_confirm),
    Check(HANDSHAKE, "a new Hello takes the place of the one before", _newest_hello),
    Check(HANDSHAKE, "no Hello and no bad Confirm ends a session", _session_survives),
    Check(HANDSHAKE, "the Confirm of the next session ends the one before", _the_next_one_ends_it),
    Check(HANDSHAKE, "a Confirm after more than 5 s opens nothing", _late_confirm, Need.SLOW),
)
