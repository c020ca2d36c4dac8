"""Bytes as people paste them: hexadecimal with or without spaces, or the bytes themselves."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\s+|[,:;]|(?:0[xX])?([0-9a-fA-F]+)")
_TEXT = frozenset(range(0x20, 0x7F)) | frozenset(b"\t\n\r\v\f")


class HexError(ValueError):
    """The text is no hexadecimal; the message says where."""


def from_hex(text: str) -> bytes:
    """Read hexadecimal digits, in pairs that spaces, commas, colons and 0x may set apart.

    Raises:
        HexError: with the place of the first character that can't be taken.
    """
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        end = at if match is None else match.end()
        digits = match[1] or "" if match else ""
        if match is None or (len(digits) % 2 and end < len(text) and not _TOKEN.match(text, end)):
            shown = text[end] if text[end].isprintable() else "?"
            raise HexError(f'no hexadecimal digit at {_place(text, end)}: "{shown}"')
        if len(digits) % 2:
            raise HexError(f"half a byte at {_place(text, end - 1)}: two digits make one")
        found.append(digits)
        at = end
    return bytes.fromhex("".join(found))


def from_file(data: bytes, *, raw: bool) -> bytes:
    """Return the bytes that a file stands for: itself where `raw` or where it is no text, else those it writes out.

    Raises:
        HexError: as `from_hex`.
    """
    if raw or not _TEXT.issuperset(data):
        return data
    return from_hex(data.decode("ascii"))


def _place(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return f"line {line}, character {column}" if "\n" in text.strip() else f"character {at + 1}"
