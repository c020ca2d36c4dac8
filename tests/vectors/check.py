#!/usr/bin/env python3
"""Checks the golden vectors with the standard library and the Python on docs/protocol.md, and shares no line with `protocol`.

    python3 tests/vectors/check.py [FOLDER]

It is also how to read them: a function a file, and at the end a pump's desk for changes in sixty lines.
"""

from __future__ import annotations

import json
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "protocol.md"
NEVER_S = 0xFFFF_FFFF
LAST_COUNTER = 2**31
CHANGING = {"Prepare", "Commit", "Resolve", "Acknowledge", "AudioPause"}
HELLO, CHALLENGE, CONFIRM, STATUS = 0x01, 0x81, 0x02, 0x91
Json = dict[str, Any]


class Mismatch(Exception):
    """A vector says something else than what was made of it."""


class Refused(Exception):
    """A payload is refused; the text is the path of the field at fault."""


def expect(what: str, made: object, given: object) -> None:
    if made != given:
        raise Mismatch(f"{what}: {made!r} is not {given!r}")


def own() -> dict[str, Any]:
    """Return the functions on the page: cobs, uncobs, mac, signed_part, wire, unwire, handshake_key, session_keys."""
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(found.group(1) if found else "", names)
    return names


class Tables:
    """Payloads by the tables in tables.json."""

    def __init__(self, data: Json) -> None:
        self.enums: dict[str, dict[str, int]] = data["enums"]
        self.used: dict[str, list[str]] = data["used_by_change"]
        self.names: dict[int, str] = {one["type"]: one["name"] for one in data["messages"]}
        self.fields: dict[str, list[Json]] = {
            one["name"]: one["fields"] for one in data["messages"] + data["records"]
        }

    def build(self, name: str, values: Json) -> bytes:
        expect(f"fields of {name}", list(values), [field["name"] for field in self.fields[name]])
        return b"".join(self._build_field(field, values[field["name"]]) for field in self.fields[name])

    def _build_field(self, field: Json, value: Any) -> bytes:  # noqa: ANN401 - a field of any type
        match field["type"]:
            case "record":
                return self.build(field["record"], value)
            case "records":
                return bytes((len(value),)) + b"".join(self.build(field["record"], one) for one in value)
            case "text":
                return bytes((len(value),)) + value.encode("ascii")
            case "bytes":
                return bytes.fromhex(value)
        return int(value).to_bytes(int(field["type"][1:]) // 8, "little")

    def parse(self, name: str, payload: bytes) -> Json:
        values, rest = self._parse(name, payload, "")
        if rest:
            raise Refused("")
        return values

    def _parse(self, name: str, data: bytes, before: str) -> tuple[Json, bytes]:
        values: Json = {}
        for field in self.fields[name]:
            values[field["name"]], data = self._parse_field(field, data, before + field["name"])
        return values, data

    def _parse_field(self, field: Json, data: bytes, path: str) -> tuple[Any, bytes]:
        kind = field["type"]
        if kind == "record":
            return self._parse(field["record"], data, f"{path}.")
        if kind == "bytes":
            taken, data = take(data, field["size"], path)
            return taken.hex(), data
        size, data = take(data, int(kind[1:]) // 8 if kind[0] == "u" else 1, path)
        value = int.from_bytes(size, "little")
        if kind == "text":
            text, data = take(data, value, path)
            if value > field["most"] or not re.fullmatch(rb"[ -~]*", text):
                raise Refused(path)
            return text.decode("ascii"), data
        allowed = (
            self.enums[field["enum"]].values()
            if "enum" in field
            else range(field.get("least", 0), field["most"] + 1)
        )
        if value not in allowed:
            raise Refused(path)
        if kind != "records":
            return value, data
        records = []
        for place in range(value):
            one, data = self._parse(field["record"], data, f"{path}[{place}].")
            records.append(one)
        return records, data


def take(data: bytes, size: int, path: str) -> tuple[bytes, bytes]:
    if len(data) < size:
        raise Refused(path)
    return data[:size], data[size:]


OWN = own()


def open_frame(wire: str) -> tuple[int, int, int, int, bytes, bytes, bytes]:
    """Take the one frame in `wire` apart: type, session, counter, ack, payload, tag and the signed part."""
    data = bytes.fromhex(wire)
    expect("delimiters", (data[0], data[-1], data.count(0)), (0, 0, 2))
    found: tuple[int, int, int, int, bytes, bytes, bytes] = OWN["unwire"](data[1:-1])
    return found


def tag(key: str, data: bytes) -> bytes:
    made: bytes = OWN["mac"](bytes.fromhex(key), data)[:16]
    return made


# --- a function a file ------------------------------------------------------------------------------------------------


def check_cobs(data: Json, _: Tables) -> int:
    for one in data["vectors"]:
        plain, coded = bytes.fromhex(one["plain"]), bytes.fromhex(one["coded"])
        expect("COBS", (OWN["cobs"](plain), OWN["uncobs"](coded)), (coded, plain))
    for one in data["refused"]:
        run = bytes.fromhex(one["coded"])
        try:
            # The delimiter never gets into a run; where it does here, the page's own cutting would have seen two runs.
            taken = 0 not in run and OWN["uncobs"](run)
        except ValueError:
            taken = False
        expect(f"refusal of {one['coded']}", taken, given=False)
    return len(data["vectors"]) + len(data["refused"])


def check_crc(data: Json, _: Tables) -> int:
    for one in data["vectors"]:
        crc = zlib.crc32(bytes.fromhex(one["data"]))
        expect("CRC-32", (crc, struct.pack("<L", crc).hex()), (one["crc"], one["wire"]))
    return len(data["vectors"])


def check_keys(data: Json, _: Tables) -> int:
    mac = OWN["mac"]
    for one in data["hmac"]:
        made = mac(bytes.fromhex(one["key"]), bytes.fromhex(one["data"])).hex()
        expect(one["source"], (made.startswith(one["hmac"]), made[:32]), (True, one["tag"]))
    for one in data["hkdf"]:
        prk = mac(bytes.fromhex(one["salt"]), bytes.fromhex(one["material"]))
        block = mac(prk, bytes.fromhex(one["info"]) + b"\x01")
        expect(one["source"], (prk.hex(), block.hex()), (one["prk"], one["first_block"]))
    for one in data["derived"]:
        host_key, pump_key = session_keys(
            one["key"], one["session"], one["host_nonce"], one["device_nonce"], one["device_id"]
        )
        root = mac(
            bytes.fromhex(one["host_nonce"] + one["device_nonce"]), bytes.fromhex(one["key"]["secret"])
        )
        made = OWN["handshake_key"](bytes.fromhex(one["key"]["secret"])).hex(), root.hex(), host_key, pump_key
        given = one["key"]["handshake_key"], one["root"], one["host_key"], one["pump_key"]
        expect("derived keys", made, given)
    return len(data["hmac"]) + len(data["hkdf"]) + len(data["derived"])


def session_keys(
    key: Json, session: int, host_nonce: str, device_nonce: str, device_id: str
) -> tuple[str, str]:
    texts = (key["secret"], host_nonce, device_nonce)
    made = OWN["session_keys"](*map(bytes.fromhex, texts), session, bytes.fromhex(device_id), key["role"])
    return made[0].hex(), made[1].hex()


def check_tables(data: Json, tables: Tables) -> int:
    for one in data["messages"]:
        expect(f"sender of {one['name']}", one["from"], "pump" if one["type"] & 0x80 else "host")
    expect("kinds of change", list(data["used_by_change"]), list(data["enums"]["ChangeKind"]))
    return len(tables.fields) + len(tables.enums)


def check_frames(data: Json, tables: Tables) -> int:
    keys = {one["session"]: one for one in data["sessions"]}
    for session, one in keys.items():
        made = session_keys(data["key"], session, data["host_nonce"], data["device_nonce"], data["device_id"])
        expect("session keys", made, (one["host_key"], one["pump_key"]))
    bounds = {
        "Challenge": data["host_nonce"],
        "Confirm": data["host_nonce"] + data["device_nonce"] + data["device_id"],
    }
    for one in data["vectors"]:
        payload = tables.build(one["message"], one["fields"])
        expect(one["name"], tables.parse(one["message"], payload), one["fields"])
        signed = OWN["signed_part"](one["type"], one["session"], one["counter"], one["ack"], payload)
        key = (
            data["key"]["handshake_key"]
            if one["tag_key"] == "handshake_key"
            else keys[one["session"]][one["tag_key"]]
        )
        bound = bounds.get(one["message"], "")
        made = tag(key, signed + bytes.fromhex(bound))
        crc = struct.pack("<L", zlib.crc32(signed + made))
        raw = (signed + made + crc).hex()
        pieces = (
            signed[:15].hex(),
            payload.hex(),
            bound,
            made.hex(),
            crc.hex(),
            raw,
            OWN["wire"](signed, made).hex(),
        )
        names = ("header", "payload", "bound", "tag", "crc", "raw", "wire")
        expect(one["name"], pieces, tuple(one[name] for name in names))
        taken = (one["type"], one["session"], one["counter"], one["ack"], payload, made, signed)
        expect(one["name"], open_frame(one["wire"]), taken)
    return len(data["vectors"])


def check_streams(data: Json, _: Tables) -> int:
    for one in data["vectors"]:
        frames, dropped = received([bytes.fromhex(chunk) for chunk in one["chunks"]])
        expect(one["name"], (frames, dropped), (one["frames"], one["dropped"]))
    return len(data["vectors"])


def received(chunks: list[bytes]) -> tuple[list[str], Json]:
    """Return the frames in a stream, and what was dropped, with one frame of memory."""
    names = {"size": "size", "not COBS": "cobs", "CRC-32": "crc", "version": "version", "length": "length"}
    frames: list[str] = []
    dropped = dict.fromkeys(names.values(), 0)
    held, skips = bytearray(), False
    for byte in b"".join(chunks):
        if byte:
            if not skips:
                held.append(byte)
            if len(held) > 236:
                dropped["size"] += 1
                held, skips = bytearray(), True
            continue
        if held:
            try:
                OWN["unwire"](bytes(held))
                frames.append(OWN["uncobs"](bytes(held)).hex())
            except ValueError as error:
                dropped[names[str(error)]] += 1
        held, skips = bytearray(), False
    return frames, dropped


def check_sessions(data: Json, _: Tables) -> int:
    count = 0
    for one in data["vectors"]:
        heard = 0
        for step in one["steps"]:
            why, heard = judged(data, one["receiver"], step["wire"], heard)
            expect(one["name"], open_frame(step["wire"])[2], step["counter"])
            made = ("dropped" if why else "accepted", why, heard)
            expect(one["name"], made, (step["verdict"], step["why"], step["heard"]))
            count += 1
    return count


def judged(data: Json, receiver: str, wire: str, heard: int) -> tuple[str | None, int]:
    code, session, counter, _, _, given, signed = open_frame(wire)
    peer = "pump" if receiver == "host" else "host"
    if session != data["session"]:
        return "session", heard
    if bool(code & 0x80) is not (peer == "pump"):
        return "direction", heard
    if not heard < counter <= LAST_COUNTER:
        return "counter", heard
    if tag(data[f"{peer}_key"], signed) != given:
        return "tag", heard
    return None, counter


class Greeter:
    """A pump's part of the handshake; what it draws at random is read from its answers."""

    def __init__(self, data: Json) -> None:
        self.keys = {key["key_id"]: key for key in data["keys"]}
        self.pending: tuple[Json, int, str, str, int] | None = None
        self.bad, self.deaf_until = 0, 0

    def answer(self, step: Json, store: Json) -> tuple[str, int | None]:
        """Return what must come back, "" for silence, and the session that opens."""
        code, session, _, _, payload, given, signed = open_frame(step["send"])
        now = step["at_ms"]
        if now < self.deaf_until or code not in {HELLO, CONFIRM}:
            return "", None
        if len(payload) != {HELLO: 21, CONFIRM: 0}[code]:
            return "", None
        if code == HELLO:
            key = self.keys.get(payload[:4].hex())
            if key is None or not self._is_right(key, signed, given, now):
                return "", None
            return self._challenge(key, payload[4:20].hex(), step, store), None
        pending = self.pending
        if pending is None or pending[1] != session or now > pending[4]:
            return "", None
        key, _, nonces, device_id, _ = pending
        if not self._is_right(key, signed + bytes.fromhex(nonces + device_id), given, now):
            return "", None
        self.pending, self.bad = None, 0
        _, pump_key = session_keys(key, session, nonces[:32], nonces[32:], device_id)
        status = open_frame(step["answer"])
        made = OWN["signed_part"](STATUS, session, 1, 0, status[4])
        return OWN["wire"](made, tag(pump_key, made)).hex(), session

    def _is_right(self, key: Json, data: bytes, given: bytes, now: int) -> bool:
        if tag(key["handshake_key"], data) == given:
            return True
        self.bad += 1
        if self.bad >= 3:
            self.deaf_until = now + min(1_000 * 2 ** (self.bad - 3), 60_000)
        return False

    def _challenge(self, key: Json, host_nonce: str, step: Json, store: Json) -> str:
        payload = open_frame(step["answer"])[4]
        session, nonce = int.from_bytes(payload[20:24], "little"), payload[24:40]
        device_id = store["serial_number"].encode().ljust(8, b"\0")
        expect("session", session > 0, given=True)
        self.pending = key, session, host_nonce + nonce.hex(), device_id.hex(), step["at_ms"] + 5_000
        boot = struct.pack("<L", store["boot"])
        body = device_id + bytes.fromhex(store["store_id"]) + boot + payload[20:24] + nonce + payload[40:]
        signed = OWN["signed_part"](CHALLENGE, 0, 0, 0, body)
        return OWN["wire"](signed, tag(key["handshake_key"], signed + bytes.fromhex(host_nonce))).hex()


def check_handshakes(data: Json, _: Tables) -> int:
    count = 0
    for one in data["at_the_pump"]:
        pump = Greeter(data)
        for step in one["steps"]:
            expect(
                f"{one['name']}: {step['about']}", pump.answer(step, data), (step["answer"], step["opens"])
            )
            count += 1
    for one in data["at_the_host"]:
        expect(one["about"], confirmed(data, one), one["answer"])
    return count + len(data["at_the_host"])


def confirmed(data: Json, one: Json) -> str:
    """Return the Confirm of a host, empty where it does not take the challenge."""
    key = data["keys"][0]
    nonce = open_frame(one["hello"])[4][4:20]
    code, _, _, _, payload, given, signed = open_frame(one["challenge"])
    if code != CHALLENGE or tag(key["handshake_key"], signed + nonce) != given:
        return ""
    if payload[:8].rstrip(b"\0").decode() != key["serial_number"]:
        return ""
    made = OWN["signed_part"](CONFIRM, int.from_bytes(payload[20:24], "little"), 0, 0, b"")
    return str(
        OWN["wire"](made, tag(key["handshake_key"], made + nonce + payload[24:40] + payload[:8])).hex()
    )


class Line:
    """A session between two ends, as one who holds the key hears it."""

    def __init__(self, keys: dict[str, Json], opening: list[str]) -> None:
        hello, challenge, confirm, status = (open_frame(wire) for wire in opening)
        self.key = keys[hello[4][:4].hex()]
        self.session = confirm[1]
        body = challenge[4]
        made = session_keys(self.key, self.session, hello[4][4:20].hex(), body[24:40].hex(), body[:8].hex())
        self.host_key, self.pump_key = made
        self.sent, self.answered = 0, 1
        expect("the first sealed frame", status[5], tag(self.pump_key, status[6]))

    def hear(self, step: Json, tables: Tables) -> None:
        """Check that a request and its answer are sealed in turn, and say what is written beside them."""
        self.sent, self.answered = self.sent + 1, self.answered + 1
        self._check(step["request"], self.host_key, (self.session, self.sent, self.answered - 1), tables)
        self._check(step["answer"], self.pump_key, (self.session, self.answered, self.sent), tables)

    def _check(self, said: Json, key: str, place: tuple[int, int, int], tables: Tables) -> None:
        code, session, counter, ack, payload, given, signed = open_frame(said["wire"])
        expect("session, counter and ack", (session, counter, ack), place)
        expect("tag", tag(key, signed), given)
        if "message" in said:
            expect("message", tables.names[code], said["message"])
            expect("payload", payload, tables.build(said["message"], said["fields"]))


def check_malformed(data: Json, tables: Tables) -> int:
    line = Line({data["key"]["key_id"]: data["key"]}, data["opening"])
    refusals = tables.enums["Refusal"]
    for one in data["requests"]:
        line.hear({"request": {"wire": one["wire"]}, "answer": one["answer"]}, tables)
        code, _, _, _, payload, _, _ = open_frame(one["wire"])
        expect(one["name"], (code, payload.hex()), (one["type"], one["payload"]))
        reason = refusals["MALFORMED"] if code in tables.names else refusals["UNSUPPORTED"]
        told = [one["answer"]["fields"][name] for name in ("request", "command_id", "reason", "bound")]
        expect(one["name"], [code, bytes(8).hex(), reason, 0], told)
    for one in data["requests"] + data["answers"]:
        expect(one["name"], tables.names.get(one["type"]), one["message"])
        if one["message"]:
            expect(one["name"], refused_field(tables, one), one["field"])
    return len(data["requests"]) + len(data["answers"])


def refused_field(tables: Tables, one: Json) -> str | None:
    try:
        tables.parse(one["message"], bytes.fromhex(one["payload"]))
    except Refused as error:
        return str(error)
    return None


# --- a pump's desk for changes -----------------------------------------------------------------------------------------


class Desk:
    """The pump of changes.json: what it answers, from the rules on the page and in the file."""

    def __init__(self, rules: Json, tables: Tables) -> None:
        self.rules, self.tables = rules, tables
        self.now, self.revision = rules["now_ms"], rules["revision"]
        self.rate, self.programmed = rules["commanded_rate_nl_h"], rules["programmed_rate_nl_h"]
        self.applied: dict[str, Json] = {}
        self.void: set[str] = set()
        self.slot: Json | None = None
        self.is_empty = self.is_full = False

    def answer(self, line: Line, asked: Json, token: str) -> tuple[str, Json]:
        """Return the answer to a request: its name and fields; of Rejected without the sentence."""
        name, fields = asked["message"], asked["fields"]
        if self.slot and self.now >= self.slot["until"]:
            self.slot = None
        if name in CHANGING and line.key["role"] < self.tables.enums["Role"]["TECHNICIAN"]:
            return self._no(asked, "ROLE", 0)
        match name:
            case "Prepare":
                return self._prepare(line, asked, token)
            case "Commit":
                return self._commit(line, asked)
            case "Resolve":
                return "Outcome", self._resolve(fields["command_id"])
        raise Mismatch(f"{name} is not about changes")

    def _no(self, asked: Json, reason: str, bound: int) -> tuple[str, Json]:
        code = next(code for code, name in self.tables.names.items() if name == asked["message"])
        command_id = asked["fields"].get("command_id", bytes(8).hex())
        told = {
            "request": code,
            "command_id": command_id,
            "reason": self.tables.enums["Refusal"][reason],
            "bound": bound,
        }
        return "Rejected", told

    def _prepare(self, line: Line, asked: Json, token: str) -> tuple[str, Json]:
        fields, change = asked["fields"], asked["fields"]["change"]
        objection = self._objection(fields, change)
        if objection:
            return self._no(asked, *objection)
        self.slot = {
            "until": self.now + self.rules["prepare_ttl_ms"],
            "token": token,
            "session": line.session,
            **fields,
        }
        least, most = self._allowed()
        new = self._rate_after(change)
        return "Prepared", {
            "command_id": fields["command_id"],
            "revision": self.revision,
            "old_rate_nl_h": self.rate,
            "new_rate_nl_h": new,
            "least_rate_nl_h": least,
            "most_rate_nl_h": most,
            "old_to_low_s": self._span("nl_to_low", self.rate),
            "new_to_low_s": self._span("nl_to_low", new),
            "old_to_empty_s": self._span("nl_to_empty", self.rate),
            "new_to_empty_s": self._span("nl_to_empty", new),
            "token": token,
            "ttl_ms": self.rules["prepare_ttl_ms"],
            "change": change,
        }

    def _objection(self, fields: Json, change: Json) -> tuple[str, int] | None:
        if fields["command_id"] in self.applied:
            return "ALREADY_APPLIED", self.revision
        if fields["command_id"] in self.void:
            return "VOID", 0
        if self._is_unfit(change):
            return "MALFORMED", 0
        if fields["expect_revision"] != self.revision:
            return "STALE_REVISION", self.revision
        if fields["expect_rate_nl_h"] != self.rate:
            return "STALE_RATE", self.rate
        if self.slot and self.slot["command_id"] != fields["command_id"]:
            return "BUSY", self.slot["until"] - self.now
        return self._forbidden(change)

    def _kind(self, change: Json) -> str:
        return next(
            name for name, value in self.tables.enums["ChangeKind"].items() if value == change["kind"]
        )

    def _is_unfit(self, change: Json) -> bool:
        used = self.tables.used[self._kind(change)]
        if any(value for name, value in change.items() if name != "kind" and name not in used):
            return True
        minutes = [step["minute"] for step in change["steps"]]
        if "steps" in used and (
            minutes[:1] != [0] or minutes != sorted(set(minutes)) or not change["weekdays"]
        ):
            return True
        if "volume_nl" in used and self._kind(change) != "REFILL" and change["volume_nl"] == 0:
            return True
        return "duration_s" in used and change["duration_s"] == 0

    def _allowed(self) -> tuple[int, int]:
        rules, rate = self.rules, self.programmed
        least = max(rules["least_rate_nl_h"], -(-rate * (100 - rules["step_down_percent"]) // 100))
        return least, min(rules["most_rate_nl_h"], rate * (100 + rules["step_up_percent"]) // 100)

    def _forbidden(self, change: Json) -> tuple[str, int] | None:
        rules, kind = self.rules, self._kind(change)
        if kind == rules["not_offered"]:
            return "NOT_OFFERED", 0
        if self.is_empty or (kind == "RESUME" and self.rate):
            return "WRONG_STATE", 0
        if kind == "RATE":
            wanted, (least, most) = change["rate_nl_h"], self._allowed()
            if wanted < rules["least_rate_nl_h"]:
                return "BELOW_LEAST", rules["least_rate_nl_h"]
            if wanted < least:
                return "STEP_DOWN", least
            if wanted > rules["most_rate_nl_h"]:
                return "ABOVE_MOST", rules["most_rate_nl_h"]
            return ("STEP_UP", most) if wanted > most else None
        if kind == "BOLUS":
            if change["volume_nl"] > rules["most_bolus_nl"]:
                return "BOLUS_VOLUME", rules["most_bolus_nl"]
            least_s = -(-change["volume_nl"] * 3_600 // rules["most_rate_nl_h"])
            return ("DURATION", least_s) if change["duration_s"] < least_s else None
        return None

    def _rate_after(self, change: Json) -> int:
        match self._kind(change):
            case "RATE" | "TEMPORARY_RATE":
                return int(change["rate_nl_h"])
            case "BOLUS":
                return int(-(-change["volume_nl"] * 3_600 // change["duration_s"]))
            case "FLEX":
                return int(change["steps"][0]["rate_nl_h"])
        rates = {"STOP": 0, "RESUME": self.programmed, "MINIMUM_RATE": self.rules["minimum_rate_nl_h"]}
        rates["PRIME"] = self.rules["most_rate_nl_h"]
        return int(rates.get(self._kind(change), self.rate))

    def _span(self, volume: str, rate: int) -> int:
        return self.rules[volume] * 3_600 // rate if rate else NEVER_S

    def _commit(self, line: Line, asked: Json) -> tuple[str, Json]:
        fields, slot = asked["fields"], self.slot
        if fields["command_id"] in self.applied:
            return "Outcome", self.applied[fields["command_id"]]
        named = (fields["command_id"], fields["token"], line.session)
        if slot is None or named != (slot["command_id"], slot["token"], slot["session"]):
            return self._no(asked, "NOT_PREPARED", 0)
        self.slot = None
        objection = self._forbidden(slot["change"])
        if objection or self.is_full:
            return self._no(asked, *(objection or ("NOT_STORED", 0)))
        self.revision, self.rate = self.revision + 1, self._rate_after(slot["change"])
        if self._kind(slot["change"]) == "RATE":
            self.programmed = self.rate
        self.applied[fields["command_id"]] = self._outcome(fields["command_id"], "APPLIED")
        return "Outcome", self.applied[fields["command_id"]]

    def _resolve(self, command_id: str) -> Json:
        if command_id in self.applied:
            return self.applied[command_id]
        self.void.add(command_id)
        if self.slot and self.slot["command_id"] == command_id:
            self.slot = None
        return self._outcome(command_id, "NOT_APPLIED")

    def _outcome(self, command_id: str, verdict: str) -> Json:
        return {
            "command_id": command_id,
            "verdict": self.tables.enums["Verdict"][verdict],
            "revision": self.revision,
            "rate_nl_h": self.rate,
            "pump_time_us": self.now * 1_000,
        }


def check_changes(data: Json, tables: Tables) -> int:
    keys = {key["key_id"]: key for key in data["keys"]}
    count = 0
    for one in data["vectors"]:
        desk, lines = Desk(data["pump"], tables), {}
        for step in one["steps"]:
            match step["do"]:
                case "open":
                    lines[step["port"]] = Line(keys, step["frames"])
                    expect(one["name"], lines[step["port"]].key["key_id"], step["key_id"])
                case "wait":
                    desk.now += step["ms"]
                case "set":
                    setattr(desk, step["what"], step["to"])
                case "close":
                    if desk.slot and desk.slot["session"] == lines[step["port"]].session:
                        desk.slot = None
                case "ask":
                    expect(one["name"], desk.now, step["at_ms"])
                    check_answer(one["name"], desk, lines[step["port"]], step)
                    count += 1
    return count


def check_answer(name: str, desk: Desk, line: Line, step: Json) -> None:
    line.hear(step, desk.tables)
    fields = dict(step["answer"]["fields"])
    fields.pop("sentence", None)
    made = desk.answer(line, step["request"], fields.get("token", ""))
    expect(name, made, (step["answer"]["message"], fields))
    expect(name, {"revision": desk.revision, "commanded_rate_nl_h": desk.rate}, step["after"])


CHECKS = {
    "cobs": check_cobs,
    "crc": check_crc,
    "keys": check_keys,
    "tables": check_tables,
    "frames": check_frames,
    "handshakes": check_handshakes,
    "sessions": check_sessions,
    "streams": check_streams,
    "malformed": check_malformed,
    "changes": check_changes,
}


def main(folder: Path) -> int:
    tables = Tables(json.loads((folder / "tables.json").read_text(encoding="ascii")))
    for name, check in CHECKS.items():
        try:
            data = json.loads((folder / f"{name}.json").read_text(encoding="ascii"))
            expect("version", data["protocol"]["version"], 1)
            count = check(data, tables)
        except (Mismatch, Refused, ValueError, KeyError) as error:
            print(f"{name}.json: {error}")
            return 1
        print(f"{name}.json: {count} agree")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE))
