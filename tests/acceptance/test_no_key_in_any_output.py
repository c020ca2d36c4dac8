"""No key, nothing derived from one, no tag and no token appears in what either program prints, stores or would print."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import pprint
import re
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from monitor.client import PumpClient
from monitor.keys import Keyring, find_keys
from protocol.exchange import DeviceEnd, HostEnd
from protocol.frame import Decoder
from protocol.handshake import DeviceHandshake, HostHandshake, handshake_key
from protocol.keys import Key, device_id, extract, file_name, to_text
from protocol.messages import Challenge, Commit, Hello, Poll, Prepared, Status, parse
from protocol.session import Side, Tagger, session_keys
from protocol.vocabulary import Role
from pumpmock.keyring import list_keys
from tests.acceptance.conftest import WAIT_S, Program
from tests.acceptance.crashing import PROVOKED
from tests.acceptance.terminal import Screen, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.frame import Frame
    from tests.acceptance.conftest import Bench, Emulator

_WINDOW = 11  # bytes in a row that give a secret away; fewer would turn up by chance in one run of thousands
_LEAST_FORM = 8  # characters; a token, which has 8 bytes, has no shorter one


def known(role: Role) -> Key:
    secret = hashlib.sha256(role.name.encode()).digest()
    return Key("PM-00001", role, secret[-4:], secret)


KEYS = {key.key_id: key for key in map(known, Role)}
STRANGER = dataclasses.replace(KEYS[known(Role.VIEWER).key_id], secret=hashlib.sha256(b"stranger").digest())


# --- what is searched for ---------------------------------------------------------------------------------------------


def forms(window: bytes) -> Iterator[str]:
    """Return the ways to write some bytes in a row that anybody would think of, spaces and signs left out."""
    yield window.hex()
    yield "".join(map(str, window))
    yield _bare(repr(window)[2:-1])
    for shift in range(3):  # in base64 it matters where in a group of three they stand
        inside = window[shift : shift + (len(window) - shift) // 3 * 3]
        yield _bare(base64.b64encode(inside).decode())


def _bare(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.lower())


def leaks(output: str | bytes, secrets: set[bytes]) -> set[bytes]:
    """Return those secrets of which `output` shows some bytes in a row."""
    raw = output if isinstance(output, bytes) else output.encode("utf-8", "surrogateescape")
    text = _bare(raw.decode("utf-8", "backslashreplace"))
    return {
        secret
        for secret in secrets
        for window in (secret[at : at + _WINDOW] for at in range(max(1, len(secret) - _WINDOW + 1)))
        if window in raw or any(len(form) >= _LEAST_FORM and form in text for form in forms(window))
    }


WAYS: dict[str, Callable[[bytes], str | bytes]] = {
    "hexadecimal": bytes.hex,
    "hexadecimal in capitals": lambda secret: secret.hex().upper(),
    "hexadecimal with spaces": lambda secret: secret.hex(" "),
    "hexadecimal cut short": lambda secret: secret[-12:].hex(),
    "repr": repr,
    "repr of an array": lambda secret: repr(bytearray(secret)),
    "base64": lambda secret: base64.b64encode(secret).decode(),
    "base64 further on": lambda secret: base64.b64encode(b"x" + secret).decode(),
    "a list of numbers": lambda secret: str(list(secret)),
    "as it is": lambda secret: b"..." + secret + b"...",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [8, 16, 32])
def test_the_search_finds_a_secret_however_it_is_written(way: str, size: int) -> None:
    secret, other = (hashlib.sha256(text).digest()[:size] for text in (b"one", b"other"))
    found = leaks(b"before " + _bytes(WAYS[way](secret)) + b" after", {secret, other})
    assert found == {secret}


def _bytes(output: str | bytes) -> bytes:
    return output if isinstance(output, bytes) else output.encode()


# --- the wire, which tells what was secret in a run -------------------------------------------------------------------


class Tap:
    """Stands between the monitor and the pump's TCP port, and keeps what passes in either direction."""

    def __init__(self, emulator: Emulator) -> None:
        host, port = emulator.ports["tcp"].removeprefix("socket://").split(":")
        self._pump = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._passed: list[list[Frame]] = []
        self._lines: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._pump, timeout=WAIT_S)
            frames: list[Frame] = []
            self._passed.append(frames)
            self._lines += [near, far]
            for source, sink in ((near, far), (far, near)):
                thread = threading.Thread(target=self._pass, args=(source, sink, frames))
                self._threads.append(thread)
                thread.start()

    def _pass(self, source: socket.socket, sink: socket.socket, frames: list[Frame]) -> None:
        decoder = Decoder()
        try:
            while data := source.recv(4_096):
                frames += decoder.feed(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def secrets(self) -> set[bytes]:
        """Return all that nobody may print: keys, what was derived from them, tags and tokens."""
        found = {key.secret for key in (*KEYS.values(), STRANGER)}
        found |= {handshake_key(key) for key in (*KEYS.values(), STRANGER)}
        for frames in self._passed:
            found |= {frame.tag for frame in frames} | _session_secrets(frames)
        return found

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for line in self._lines:
            line.close()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _session_secrets(frames: list[Frame]) -> set[bytes]:
    found: set[bytes] = set()
    hello: Hello | None = None
    for frame in frames:
        message = parse(frame.type, frame.payload)
        if isinstance(message, Hello):
            hello = message
        elif isinstance(message, Challenge) and hello is not None:
            nonces, key = hello.host_nonce + message.device_nonce, KEYS[hello.key_id]
            context = message.device_id + bytes([key.role])
            keys = session_keys(message.session, secret=key.secret, nonces=nonces, context=context)
            found |= {extract(nonces, key.secret), *keys.values()}
        elif isinstance(message, Prepared | Commit):
            found.add(message.token)
    return found


@pytest.fixture
def known_keys(bench: Bench) -> Path:
    bench.keys.mkdir(mode=0o700)
    for key in KEYS.values():
        _write(bench.keys, key)
    return bench.keys


def _write(folder: Path, key: Key) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / file_name(key.serial_number, key.role)
    path.write_text(to_text(key))
    path.chmod(0o600)


# --- what is searched -------------------------------------------------------------------------------------------------


def test_no_output_of_either_program_shows_a_secret(bench: Bench, known_keys: Path) -> None:
    state = bench.folder / "state.json"
    emulator = bench.serve("--frozen", "--state", str(state))
    said: list[str | bytes] = [str(emulator.ready)]
    with Tap(emulator) as tap:
        strangers = bench.folder / "strangers"
        _write(strangers, STRANGER)
        (known_keys / "PM-00001.viewer.old.key").write_text(to_text(known(Role.VIEWER))[:-9])
        for words in (
            ["status"],
            ["status", "--json"],
            ["watch", "--json", "--count", "2", "--every", "0.01"],
            ["set-rate", "0.6 mL/day", "--yes"],
            ["set-rate", "24 mL/day", "--yes"],
            ["stop", "--yes"],
            ["events", "--json"],
        ):
            done = bench.monitor(words[0], tap.url, *words[1:])
            said += [done.stdout, done.stderr]
        assert bench.monitor("status", tap.url, keys=strangers).returncode == 3
        with Program(
            "tests.acceptance.crashing", "monitor", "status", tap.url, "--keys", str(known_keys)
        ) as broken:
            said += _all_of(broken)
            assert broken.wait() == 1
        (known_keys / "PM-00001.viewer.old.key").unlink()
        said.append(bench.monitor("status", tap.url, keys=bench.folder / "none").stderr)
        emulator.process.terminate()
        said += _all_of(emulator)
        secrets = tap.secrets()
    assert len(secrets) > 8 + 7 * 3 + 60  # keys, sessions, frames
    assert any(len(secret) == 8 for secret in secrets)  # tokens
    said.append(state.read_bytes())
    text = "".join(one if isinstance(one, str) else one.decode() for one in said)
    for shown in ('"session"', "bad_handshakes", "0.600 mL/day", PROVOKED, "Traceback", "ledger"):
        assert shown in text
    for one in said:
        assert leaks(one, secrets) == set()
    for left in (path for path in bench.folder.rglob("*") if path.is_file() and path.suffix != ".key"):
        assert leaks(left.read_bytes(), secrets) == set()


def _all_of(program: Program) -> list[str]:
    """Return all that a program says until it ends."""
    return [line for stream in ("out", "err") for line in iter(lambda: program.line(stream), None)]  # noqa: B023 - used up at once


def test_a_bug_in_the_pump_prints_a_traceback_without_a_secret(bench: Bench, known_keys: Path) -> None:
    words = (
        "--pty",
        str(bench.link),
        "--tcp",
        "127.0.0.1:0",
        "--keys",
        str(known_keys),
        "--json",
        "--frozen",
    )
    with Program("tests.acceptance.crashing", "pump", "serve", *words) as broken:
        ready = broken.line() or ""
        pump = _Ready(ready)
        with Tap(pump) as tap:
            done = bench.monitor("stop", tap.url, "--yes")
            assert done.returncode != 0
            broken.process.terminate()
            said = [ready, done.stdout, done.stderr, *_all_of(broken)]
            secrets = tap.secrets()
    assert PROVOKED in "".join(said)
    assert leaks("\n".join(said), secrets) == set()


class _Ready:
    def __init__(self, line: str) -> None:
        self.ports = {"tcp": re.findall(r"socket://[0-9.:]+", line)[0]}


def painted_by_a_crash(bench: Bench, keys: Path, bug: str) -> bytes:
    emulator = bench.serve("--frozen")
    words = ("dashboard", emulator.ports["pty"], "--keys", str(keys))
    with Screen("tests.acceptance.crashing", bug, *words) as screen:
        assert screen.end() == 1
        return plain(screen.painted)


def test_a_crash_of_the_dashboard_prints_a_traceback_without_values(bench: Bench, known_keys: Path) -> None:
    painted = painted_by_a_crash(bench, known_keys, "dashboard")
    assert PROVOKED.encode() in painted
    assert b"crashing.py" in painted
    assert leaks(painted, {key.secret for key in KEYS.values()}) == set()


def test_the_values_that_textual_would_print_are_noticed(bench: Bench, known_keys: Path) -> None:
    painted = painted_by_a_crash(bench, known_keys, "dashboard that shows values")
    assert leaks(painted, {key.secret for key in KEYS.values()}) != set()


def test_what_holds_a_key_does_not_show_it_when_it_is_printed(bench: Bench, known_keys: Path) -> None:
    key = known(Role.TECHNICIAN)
    nonce = bytes(range(16))
    handshake = DeviceHandshake("PM-00001", b"store-01", 1, KEYS, lambda size: bytes(range(1, size + 1)))
    greeting = HostHandshake(key, nonce)
    (hello,) = Decoder().feed(greeting.hello())
    (challenge,) = Decoder().feed(handshake.challenge(hello, 0) or b"")
    assert handshake._pending is not None
    answer = greeting.answer(challenge)
    assert answer is not None
    pending = handshake._pending
    (confirm,) = Decoder().feed(answer[0])
    opened = handshake.confirm(confirm, 0)
    assert opened is not None
    sealed = answer[1].seal(Poll.code, b"")
    host, pump = HostEnd(key, nonce), DeviceEnd(handshake, lambda *_: Status, lambda _role: None)  # type: ignore[arg-type, return-value] # never asked
    emulator = bench.serve("--frozen")
    with PumpClient(emulator.ports["tcp"], keyring=find_keys(known_keys)) as client:
        things = [
            key, KEYS, pending, greeting, handshake, answer[1], opened, answer[1]._seal, Tagger(key.secret), host, pump,
            client, client._line, client._line.key, find_keys(known_keys), Keyring(Path(), tuple(KEYS.values()), ()), list_keys(known_keys),
        ]  # fmt: skip
    context = device_id("PM-00001") + bytes([key.role])
    number = challenge.payload
    message = parse(challenge.type, number)
    assert isinstance(message, Challenge)
    nonces = nonce + message.device_nonce
    keys = session_keys(message.session, secret=key.secret, nonces=nonces, context=context)
    secrets = {one.secret for one in KEYS.values()} | {handshake_key(one) for one in KEYS.values()}
    secrets |= {keys[Side.HOST], keys[Side.DEVICE], extract(nonces, key.secret)}
    secrets |= {frame.tag for frame in (hello, challenge, confirm, *Decoder().feed(sealed))}
    for thing in things:
        for shown in (repr(thing), str(thing), f"{thing}", pprint.pformat(thing)):
            assert leaks(shown, secrets) == set()


def test_a_key_that_showed_itself_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Key, "__repr__", lambda key: f"Key({key.role}, {key.secret!r})")
    key = known(Role.VIEWER)
    assert leaks(repr(Keyring(Path(), (key,), ())), {key.secret}) == {key.secret}
