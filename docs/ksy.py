"""docs/pump.ksy, the frame and every message for Kaitai Struct, made from the declarations in `protocol`.

`python -m docs.ksy --write` brings it up to date, and with it the parser in tests/vectors/pump.py, for which it takes node
and `npm install --no-save kaitai-struct-compiler@0.11.0`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import construct
import yaml

from docs.tables import MEANINGS
from protocol.fields import specs
from protocol.frame import MOST_PAYLOAD, TAG_SIZE, VERSION
from protocol.messages import MESSAGES, Change, EventRecord, Rejected, Step
from protocol.vocabulary import EventKind, Refusal

if TYPE_CHECKING:
    from enum import IntEnum

    from protocol.fields import Spec

ROOT = Path(__file__).parents[1]
KSY = ROOT / "docs" / "pump.ksy"
PARSER = ROOT / "tests" / "vectors" / "pump.py"
COMPILER = "kaitai-struct-compiler@0.11.0"
RECORDS = (Change, Step, EventRecord)
# Numbers that a later minor version may add to: they are named where they are known, and not refused where not.
_OPEN = {(Rejected, "reason"): Refusal, (EventRecord, "kind"): EventKind}
_DOC = """\
A frame of the pump's protocol after COBS was undone: what stands between two delimiters 00 on the wire, decoded.
COBS adds one byte to a frame and takes the zeros out; docs/protocol.md has the decoder in ten lines of Python.

What this description can't say is left to its user: the CRC-32 (of zlib, over all that stands before it), the tag
(HMAC-SHA256, cut to 16 bytes), and that text is printable ASCII. Ranges are here: what is outside is refused.
Made from the code by docs/ksy.py.
"""
_SCRIPT = """
const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
  require("kaitai-struct-compiler")
    .compile("python", JSON.parse(Buffer.concat(chunks)), null, false)
    .then((files) => process.stdout.write(files["pump.py"]));
});
"""


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as it reads."""


def _lines(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _lines)


class NoCompilerError(Exception):
    """There is no Kaitai compiler here; the message says how to get one."""


def snake(name: str) -> str:
    """Return a name as Kaitai has it: "EventRecord" as "event_record"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def description() -> dict[str, Any]:
    """Return the description as YAML has it."""
    kinds = (*MESSAGES.values(), *RECORDS)
    return {
        "meta": {
            "id": "pump",
            "title": f"Protocol of an emulated drug pump, version {VERSION}",
            "license": "MIT",
            "ks-version": "0.11",
            "encoding": "ASCII",
            "endian": "le",
        },
        "doc": _DOC,
        "seq": [
            {"id": "version", "type": "u1", "valid": VERSION},
            {"id": "type", "type": "u1", "enum": "message", "doc": "bit 7 is set on what the pump sends"},
            {"id": "session", "type": "u4", "doc": "0 in Hello and Challenge"},
            {"id": "counter", "type": "u4", "doc": "0 in the handshake; then from 1, for each direction"},
            {"id": "ack", "type": "u4", "doc": "highest counter accepted from the peer"},
            {"id": "len_payload", "type": "u1", "valid": {"max": MOST_PAYLOAD}},
            {"id": "payload", "size": "len_payload", "type": _switch()},
            {"id": "tag", "size": TAG_SIZE},
            {"id": "crc32", "type": "u4", "doc": "over all that stands before it"},
            _end(),
        ],
        "types": {snake(kind.__name__): _type(kind, is_message=kind.code > 0) for kind in kinds},
        "enums": {"message": _messages(), **{snake(kind.__name__): _enum(kind) for kind in MEANINGS}},
    }


def _switch() -> dict[str, Any]:
    names = (snake(kind.__name__) for kind in MESSAGES.values())
    return {"switch-on": "type", "cases": {f"message::{name}": name for name in names}}


def _end() -> dict[str, Any]:
    return {"id": "nothing_more", "size": 0, "valid": {"expr": "_io.eof"}}


def _type(kind: type[Any], *, is_message: bool) -> dict[str, Any]:
    seq = [part for name, spec in specs(kind).items() for part in _attributes(kind, name, spec)]
    return {"doc": (kind.__doc__ or "").split("\n")[0], "seq": [*seq, _end()] if is_message else seq}


def _attributes(kind: type[Any], name: str, spec: Spec) -> list[dict[str, Any]]:
    """Return what Kaitai has for a field: itself, and its count or length before it."""
    about = {"doc": spec.doc} | ({"-unit": spec.unit} if spec.unit else {})
    if spec.record is not None:
        one = {"id": name, "type": snake(spec.record.__name__)}
        if spec.most is None:
            return [one | about]
        count = {"id": f"num_{name}", "type": "u1", "valid": {"max": spec.most}}
        return [count, one | {"repeat": "expr", "repeat-expr": f"num_{name}"} | about]
    if spec.text:
        length = {"id": f"len_{name}", "type": "u1", "valid": {"max": spec.most}}
        return [length, {"id": name, "type": "str", "size": f"len_{name}"} | about]
    size = spec.subcon.length
    if isinstance(spec.subcon, construct.Bytes):
        return [{"id": name, "size": size} | about]
    return [{"id": name, "type": f"u{size}"} | _range(kind, name, spec) | about]


def _range(kind: type[Any], name: str, spec: Spec) -> dict[str, Any]:
    if spec.choices is not None:
        return {"enum": snake(spec.choices.__name__), "valid": {"in-enum": True}}
    if (kind, name) in _OPEN:
        return {"enum": snake(_OPEN[kind, name].__name__)}
    least = {"min": spec.least} if spec.least else {}
    most = {} if spec.most == (1 << 8 * spec.subcon.length) - 1 else {"max": spec.most}
    return {"valid": least | most} if least or most else {}


def _messages() -> dict[int, str]:
    return {code: snake(kind.__name__) for code, kind in MESSAGES.items()}


def _enum(kind: type[IntEnum]) -> dict[int, Any]:
    return {int(member): {"id": member.name.lower(), "doc": MEANINGS[kind][member]} for member in kind}


def text() -> str:
    """Return the description as it stands in the file."""
    return yaml.dump(description(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def compiled(ksy: str) -> str:
    """Return the Python parser of a description.

    Raises:
        NoCompilerError: where node or the compiler is missing.
    """
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "kaitai-struct-compiler").is_dir():
        what = "node" if node is None else "the Kaitai compiler"
        raise NoCompilerError(f"{what} is missing: npm install --no-save {COMPILER}")
    given = json.dumps(yaml.safe_load(ksy))
    done = subprocess.run(
        (node, "-e", _SCRIPT), input=given, capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout


if __name__ == "__main__":
    if "--write" in sys.argv:
        KSY.write_text(text(), encoding="utf-8")
        PARSER.write_text(compiled(text()), encoding="utf-8")
    else:
        sys.stdout.write(text())
