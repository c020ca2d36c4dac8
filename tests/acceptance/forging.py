"""Rewrites an audit trail as somebody would who can write the file and knows all that docs/history.md says."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Record = dict[str, Any]


def rewrite(file: Path, alter: Callable[[list[Record]], None], *, names: bool) -> None:
    """Alter a trail and compute its chain anew; with `names` those of its changes too, wherever they stand."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        found = connection.execute("SELECT wall_ms, kind, body FROM audit ORDER BY seq").fetchall()
        records = [{"wall_ms": at, "kind": kind, "facts": json.loads(body)} for at, kind, body in found]
        alter(records)
        connection.execute("DELETE FROM audit")
        before, renamed = bytes(32), dict[str, str]()
        for seq, record in enumerate(records, 1):
            if names:
                _rename(record, before, seq, renamed)
            body = _text(record["facts"])
            before = hashlib.sha256(
                before + _text([1, seq, record["wall_ms"], record["kind"], body]).encode()
            ).digest()
            row = (seq, record["wall_ms"], record["kind"], body, before)
            connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?)", row)


def _rename(record: Record, before: bytes, seq: int, renamed: dict[str, str]) -> None:
    facts = record["facts"]
    if record["kind"] == "intended":
        old = facts.pop("command")
        meant = _text([1, seq, record["wall_ms"], "intended", _text(facts)])
        data = b"pump-monitor names a change\0" + before + meant.encode()
        renamed[old] = hashlib.sha256(data).hexdigest()[:16]
        facts["command"] = old
    if "command" in facts:
        facts["command"] = renamed.get(facts["command"], facts["command"])


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
