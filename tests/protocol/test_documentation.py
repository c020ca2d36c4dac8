"""docs/protocol.md says what the code does: its tables, its figures, its Python and every byte of its examples."""

from __future__ import annotations

import hashlib
import re
import runpy
import shlex
from typing import TYPE_CHECKING, Any

import cobs.cobs
import pytest

from docs.tables import PAGE, updated
from protocol import changes, handshake, session, timeouts
from protocol.fields import specs
from protocol.frame import FROM_DEVICE, TAG_SIZE, Decoder, Frame, _uncobs
from protocol.handshake import DeviceHandshake, HostHandshake
from protocol.keys import BENCH_KEY, MOST_FILE, Key, device_id, file_name, from_text
from protocol.messages import MESSAGES, Challenge, Confirm, Hello, build, parse
from protocol.session import LONGEST_SESSION_MS, Side, session_keys
from protocol.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from protocol.fields import Message, Spec
    from protocol.session import Session

TEXT = PAGE.read_text(encoding="utf-8")
CONVERSATION = ("handshake", "poll", "change", "refusal")


def frame_of(data: bytes) -> Frame:
    (frame,) = Decoder().feed(data)
    return frame


def blocks(page: str) -> dict[str, str]:
    """Return the examples of a page by name."""
    found = re.findall(r"```text\nexample: (\w+)\n\n(.*?)\n```", page, re.DOTALL)
    assert len(dict(found)) == len(found)
    return dict(found)


def values(page: str, name: str) -> dict[str, str]:
    """Return the lines of an example that gives a value each."""
    lines = (re.split(r" {2,}", line) for line in blocks(page)[name].split("\n"))
    return {label: value for label, value in lines}  # noqa: C416 - unpacking checks that each line is a pair


def lines(page: str, name: str) -> Iterator[tuple[str, Message, bytes]]:
    """Return who sends which message in which bytes, line by line."""
    for entry in blocks(page)[name].split("\n\n"):
        told, data = re.fullmatch(r"(.*?)\n((?:[0-9a-f]{2}[ \n]?)+)", entry, re.DOTALL).groups()  # type: ignore[union-attr] # None is the failure
        who, kind_name, *given = shlex.split(told.replace("\n    ", " "))
        kind = next(kind for kind in MESSAGES.values() if kind.__name__ == kind_name)
        fields = dict(one.split("=", 1) for one in given)
        assert list(fields) == list(_names(kind))
        yield who, _message(kind, fields), bytes.fromhex(data)


def _names(kind: type[Message], before: str = "") -> Iterator[str]:
    """Return the fields in wire order as they are written; those of a record in place as `change.kind`."""
    for name, spec in specs(kind).items():
        if spec.record is not None and spec.most is None:
            yield from _names(spec.record, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _message(kind: type[Any], fields: dict[str, str], before: str = "") -> Any:  # noqa: ANN401 - any message or record
    return kind(
        *(
            _message(spec.record, fields, f"{before}{name}.")
            if spec.record is not None and spec.most is None
            else _value(spec, fields[before + name])
            for name, spec in specs(kind).items()
        )
    )


def _value(spec: Spec, written: str) -> Any:  # noqa: ANN401 - a field of any type
    if spec.record is not None:
        found = (one.split(":") for one in written.split(",") if one)
        return tuple(spec.record(*(int(figure) for figure in one)) for one in found)
    if spec.choices is not None:
        return spec.choices(int(written))
    if spec.text:
        return written
    return bytes.fromhex(written) if spec.most is None else int(written)


class Replay:
    """Both ends of the page's conversation, with the page's inputs for their random bytes."""

    def __init__(self, page: str) -> None:
        given = values(page, "inputs")
        serial_number, role = given["serial number"], Role(int(given["role"]))
        self.key = Key(serial_number, role, bytes.fromhex(given["key id"]), bytes.fromhex(given["secret"]))
        drawn = iter([int(given["session"]).to_bytes(4, "little"), bytes.fromhex(given["device nonce"])])
        self._host = HostHandshake(self.key, bytes.fromhex(given["host nonce"]))
        self._pump = DeviceHandshake(
            serial_number,
            bytes.fromhex(given["store id"]),
            int(given["boot"]),
            {self.key.key_id: self.key},
            lambda _size: next(drawn),
        )
        self._last: Frame | None = None
        self._ends: dict[str, Session] = {}

    def send(self, who: str, message: Message) -> bytes:
        """Return the bytes of the next frame, and let the other end take it."""
        data = self._greeting(message) if message.code in {Hello.code, Challenge.code, Confirm.code} else None
        if data is None:
            if "pump" not in self._ends:
                opened = self._pump.confirm(self._heard(), 0)
                assert opened is not None
                self._ends["pump"] = opened[0]
            data = self._ends[who].seal(message.code, build(message))
            assert self._ends["host" if who == "pump" else "pump"].open(frame_of(data)) is None
        self._last = frame_of(data)
        assert parse(self._last.type, self._last.payload) == message
        return data

    def _heard(self) -> Frame:
        assert self._last is not None
        return self._last

    def _greeting(self, message: Message) -> bytes:
        if isinstance(message, Hello):
            return self._host.hello()
        if isinstance(message, Challenge):
            return self._pump.challenge(self._heard(), 0) or b""
        answer = self._host.answer(self._heard())
        assert answer is not None
        self._ends["host"] = answer[1]
        return answer[0]


def check_conversation(page: str) -> None:
    replay = Replay(page)
    for name in CONVERSATION:
        for who, message, data in lines(page, name):
            assert bool(message.code & FROM_DEVICE) is (who == "pump")
            assert replay.send(who, message) == data


def check_keys(page: str) -> None:
    given, key = values(page, "inputs"), Replay(page).key
    keys = session_keys(
        int(given["session"]),
        secret=key.secret,
        nonces=bytes.fromhex(given["host nonce"]) + bytes.fromhex(given["device nonce"]),
        context=device_id(key.serial_number) + bytes((key.role,)),
    )
    assert values(page, "keys") == {
        "handshake key": handshake.handshake_key(key).hex(),
        "host key": keys[Side.HOST].hex(),
        "pump key": keys[Side.DEVICE].hex(),
    }


def check_cobs(page: str) -> None:
    for plain, coded in values(page, "cobs").items():
        data, run = bytes.fromhex(plain.replace("(nothing)", "")), bytes.fromhex(coded)
        assert cobs.cobs.encode(data) == run
        assert _uncobs(run) == data


def check_bench_key(page: str) -> None:
    given = values(page, "bench")
    key_id, secret = (bytes.fromhex(given[name]) for name in ("key id", "secret"))
    assert secret == hashlib.sha256(given["text"].encode("ascii")).digest()
    assert key_id == hashlib.sha256(secret).digest()[:4]
    assert (key_id, secret) == (BENCH_KEY.key_id, BENCH_KEY.secret)


CHECKS: dict[str, Callable[[str], None]] = {
    "bench": check_bench_key,
    "cobs": check_cobs,
    "inputs": check_conversation,
    "keys": check_keys,
    **dict.fromkeys(CONVERSATION, check_conversation),
}


def test_every_example_on_the_page_has_its_check() -> None:
    assert set(blocks(TEXT)) == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_an_example_is_true_to_the_byte(name: str) -> None:
    CHECKS[name](TEXT)


@pytest.mark.parametrize("name", CHECKS)
def test_an_example_with_any_digit_changed_is_noticed(name: str) -> None:
    body = blocks(TEXT)[name]
    digits = [found.end() - 1 for found in re.finditer(r"[0-9a-f](?=\n|$)|\b[0-9a-f]{2}\b", body)]
    assert len(digits) > 2
    for at in digits[:: max(1, len(digits) // 20)]:
        changed = body[:at] + ("1" if body[at] == "0" else "0") + body[at + 1 :]
        with pytest.raises((AssertionError, ValueError)):
            CHECKS[name](TEXT.replace(body, changed))


def test_the_tables_are_those_of_the_code() -> None:
    assert updated(TEXT) == TEXT, "bring the page up to date: python -m docs.tables --write"


def test_a_stale_table_is_noticed() -> None:
    stale = TEXT.replace("| 16 | 4 | u32 | `new_rate_nl_h` |", "| 17 | 4 | u32 | `new_rate_nl_h` |")
    assert stale != TEXT
    assert updated(stale) == TEXT


def test_the_figures_are_those_of_the_code() -> None:
    figures = dict(
        re.findall(
            r"^\| ([A-Z_]+) \| (\d+) \|", TEXT.split("## Time-outs")[1].split("\n## ")[0], re.MULTILINE
        )
    )
    modules = (timeouts, handshake, changes, session)
    assert len(figures) == 10
    for name, figure in figures.items():
        assert {getattr(module, name) for module in modules if hasattr(module, name)} == {int(figure)}


def test_the_requests_are_all_that_a_host_can_send_in_a_session() -> None:
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (all|technician, developer) \|$", TEXT, re.MULTILINE)
    names = {kind.__name__: code for code, kind in MESSAGES.items()}
    assert [names[request] for request, _, _ in rows] == [
        c for c in sorted(names.values()) if 0x10 <= c < 0x80
    ]
    assert all(names[answer] & FROM_DEVICE for _, answer, _ in rows)
    assert all((allowed == "all") is (names[request] < 0x20) for request, _, allowed in rows)


def test_the_key_file_on_the_page_is_the_key_of_the_examples() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    key = from_text(text, "the page")
    assert key == Replay(TEXT).key
    assert f"`{file_name(key.serial_number, key.role)}`" in TEXT
    assert f"`{file_name(key.serial_number, key.role, key.key_id)}`" in TEXT
    assert f"{MOST_FILE:,} bytes at the most" in TEXT


def test_the_page_says_how_long_a_hello_is() -> None:
    assert f"Hello has {len(build(Hello(bytes(4), bytes(16), 0)))} bytes" in " ".join(TEXT.split())


def test_the_page_says_how_long_a_session_lives() -> None:
    assert f"24 hours ({LONGEST_SESSION_MS:,} ms) of monotonic wall time" in TEXT


# --- the page's own Python, which shares no line with the package -------------------------------------------------------


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert "protocol" not in code
    script: Path = tmp_path_factory.mktemp("page") / "page.py"
    script.write_text(code, encoding="utf-8")
    return runpy.run_path(str(script))


def test_the_pages_python_makes_the_bytes_of_the_page(own: dict[str, Any]) -> None:
    for plain, coded in values(TEXT, "cobs").items():
        data, run = bytes.fromhex(plain.replace("(nothing)", "")), bytes.fromhex(coded)
        assert (own["cobs"](data), own["uncobs"](run)) == (run, data)
    given = values(TEXT, "inputs")
    secret, *nonces = (bytes.fromhex(given[name]) for name in ("secret", "host nonce", "device nonce"))
    identifier = device_id(given["serial number"])
    first = own["handshake_key"](secret)
    host_key, pump_key = own["session_keys"](
        secret, *nonces, int(given["session"]), identifier, int(given["role"])
    )
    assert [key.hex() for key in (first, host_key, pump_key)] == list(values(TEXT, "keys").values())
    bound = {Hello.code: b"", Challenge.code: nonces[0], Confirm.code: nonces[0] + nonces[1] + identifier}
    for name in CONVERSATION:
        for who, message, data in lines(TEXT, name):
            code, session, counter, ack, payload, tag, signed = own["unwire"](data[1:-1])
            key = first if code in bound else host_key if who == "host" else pump_key
            assert own["mac"](key, signed + bound.get(code, b""))[:TAG_SIZE] == tag
            assert signed == own["signed_part"](code, session, counter, ack, payload)
            assert own["wire"](signed, tag) == data
            assert (code, payload) == (message.code, build(message))


@pytest.mark.parametrize("at", range(1, 36))
def test_the_pages_python_refuses_a_damaged_frame(own: dict[str, Any], at: int) -> None:
    (_, _, data), *_ = lines(TEXT, "poll")
    run = data[1:-1]
    with pytest.raises(ValueError, match=r"COBS|CRC-32|size|version|length"):
        own["unwire"](run[:at] + bytes([run[at] ^ 0x40 or 1]) + run[at + 1 :])
