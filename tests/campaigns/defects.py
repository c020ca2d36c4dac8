"""What is broken on purpose in a control. Each is a context in which the product has one fault."""

from __future__ import annotations

import hmac
import json
import zlib
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING
from unittest.mock import patch

from cobs import cobs
from construct import ConstructError

from protocol.codec import Codec
from protocol.fields import MessageError, specs
from protocol.frame import MOST_ENCODED, Decoder, Frame
from protocol.handshake import DeviceHandshake
from protocol.keys import Key, KeyFileError, expand, from_text
from protocol.session import Session
from protocol.vocabulary import Role
from pumpmock import toml_file
from pumpmock.device import Device

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

_crc32 = zlib.crc32
_feed = Decoder.feed
_parse = Codec.parse
_open = Session.open
_challenge = DeviceHandshake.challenge
_serve = Device.serve
_from_text = from_text
_toml_text = toml_file.read_text


class _Equal(int):
    """A sum that equals any other."""

    __hash__ = int.__hash__

    def __eq__(self, _other: object) -> bool:
        return True

    def __ne__(self, _other: object) -> bool:
        return False


def no_sums() -> AbstractContextManager[object]:
    """Take every CRC-32 for right."""
    return patch("zlib.crc32", lambda data: _Equal(_crc32(data)))


def no_tags() -> AbstractContextManager[object]:
    """Take every tag for right."""
    return patch("hmac.compare_digest", lambda _right, _given: True)


@contextmanager
def neither_sums_nor_tags() -> Iterator[None]:
    """Take every frame whose layout is right."""
    with ExitStack() as stack:
        stack.enter_context(no_sums())
        stack.enter_context(no_tags())
        yield


def slow_to_recover() -> AbstractContextManager[object]:
    """Lose the first intact frame after a damaged one."""

    def feed(decoder: Decoder, data: bytes) -> list[Frame]:
        before = decoder.dropped
        found = _feed(decoder, data)
        return found[:-1] if decoder.dropped > before else found

    return patch.object(Decoder, "feed", feed)


class _Hoard(Decoder):
    def __init__(self) -> None:
        super().__init__()
        self._hoard = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        self._hoard += data
        for _ in range(0, len(self._hoard), 64):
            pass
        return super().feed(data)


def hoards() -> AbstractContextManager[object]:
    """Keep every byte since the beginning, and look through all of them with each chunk."""
    return patch("protocol.exchange.Decoder", _Hoard)


@contextmanager
def takes_reads_whole() -> Iterator[None]:
    """Look at all of a read together, however long it is."""
    with ExitStack() as stack:
        for module in ("protocol.exchange", "tests.campaigns.memory"):
            stack.enter_context(patch(f"{module}.pieces", lambda data: (data,)))
        yield


def forgets_between_chunks() -> AbstractContextManager[object]:
    """Read each chunk as if nothing had come before."""
    return patch.object(Decoder, "feed", lambda _decoder, data: _feed(Decoder(), data))


def lets_errors_out() -> AbstractContextManager[object]:
    """Let the error out that a run gives which is not COBS."""

    def feed(decoder: Decoder, data: bytes) -> list[Frame]:
        for run in data.split(b"\0"):
            if run and len(run) <= MOST_ENCODED:
                cobs.decode(run)
        return _feed(decoder, data)

    return patch.object(Decoder, "feed", feed)


def another_polynomial() -> AbstractContextManager[object]:
    """Work out every sum from another beginning."""
    return patch("zlib.crc32", lambda data: _crc32(data, 1))


def tags_of_another_hash() -> AbstractContextManager[object]:
    """Make tags with SHA-1."""
    digest = hmac.digest
    return patch("hmac.digest", lambda key, data, _hash: digest(key, data, "sha1") + bytes(12))


def label_left_out() -> AbstractContextManager[object]:
    """Derive both session keys without saying whose they are."""
    return patch("protocol.session.expand", lambda root, info: expand(root, info.split(b" ", 2)[-1]))


def fields_swapped() -> AbstractContextManager[object]:
    """Read the last byte of a body before the first."""
    return patch.object(
        Codec, "parse", lambda codec, payload: _parse(codec, payload[-1:] + payload[1:-1] + payload[:1])
    )


def no_ranges() -> AbstractContextManager[object]:
    """Take any value that fits the bytes of a field."""

    def parse(codec: Codec, payload: bytes) -> object:
        with suppress(MessageError):
            return _parse(codec, payload)
        try:
            fields = codec.construct.parse(payload)
        except ConstructError as error:
            raise MessageError from error
        return codec.kind(*(fields[name] for name in specs(codec.kind)))

    return patch.object(Codec, "parse", parse)


def counters_not_kept() -> AbstractContextManager[object]:
    """Take a frame of the session however often it comes."""

    def opened(session: Session, frame: Frame) -> object:
        heard, session.heard = session.heard, 0
        found = _open(session, frame)
        session.heard = max(heard, session.heard)
        return found

    return patch.object(Session, "open", opened)


def nonces_repeated() -> AbstractContextManager[object]:
    """Offer every host the same session number and nonce."""

    def challenge(handshake: DeviceHandshake, frame: Frame, now_ms: int) -> bytes | None:
        with patch.object(handshake, "_random", lambda size: b"\x05" * size):
            return _challenge(handshake, frame, now_ms)

    return patch.object(DeviceHandshake, "challenge", challenge)


def every_key_may_change() -> AbstractContextManager[object]:
    """Serve every request as if a technician had made it."""
    return patch.object(
        Device, "serve", lambda pump, request, _role, *rest: _serve(pump, request, Role.TECHNICIAN, *rest)
    )


def parser_lets_errors_out() -> AbstractContextManager[object]:
    """Let construct's own errors out."""

    def parse(codec: Codec, payload: bytes) -> object:
        codec.construct.parse(payload)
        return _parse(codec, payload)

    return patch.object(Codec, "parse", parse)


def key_files_told() -> AbstractContextManager[object]:
    """Quote the text of a key file that is refused."""

    def read(text: str, where: str) -> Key:
        try:
            return _from_text(text, where)
        except KeyFileError as error:
            raise KeyFileError(f"{where} is no key file: {text}") from error

    return patch("protocol.keys.from_text", read)


def serial_numbers_unchecked() -> AbstractContextManager[object]:
    """Take what stands for a serial number in a saved state for text."""
    return patch("pumpmock.snapshot.check_serial_number", lambda given: given.strip())


def any_size() -> AbstractContextManager[object]:
    """Read a file of limits whole before its size is looked at."""

    def read(path: Path, what: str) -> str:
        if path.is_file():
            path.read_bytes()
        return _toml_text(path, what)

    return patch("pumpmock.limits_file.read_text", read)


def key_reader_lets_errors_out() -> AbstractContextManager[object]:
    """Let JSON's own errors out where a key file is read."""

    def read(text: str, where: str) -> Key:
        json.loads(text)
        return _from_text(text, where)

    return patch("protocol.keys.from_text", read)


def any_mode() -> AbstractContextManager[object]:
    """Take a key from a file of any kind and mode."""
    return patch("pumpmock.keyring.check_private", lambda _mode, _where: None)
