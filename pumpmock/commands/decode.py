"""`pumpmock decode`: what stands in bytes that somebody recorded."""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from protocol.explain import Explained, explain
from pumpmock.commands.decode_journal import Wanted, message_name_of, show
from pumpmock.commands.parameters import Parsed, key_files_option, read_keys
from pumpmock.hexadecimal import HexError, from_file, from_hex
from pumpmock.journal.explained import as_json, lines
from pumpmock.journal.file import JournalError, is_journal
from pumpmock.journal.messages import KINDS
from pumpmock.journal.reading import Recorded, journal_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protocol.keys import Key


class Recording(click.ParamType[bytes | Recorded]):
    """Where the bytes are from: hexadecimal on the command line, a file, or standard input; or a journal."""

    name = "hex|-|file"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete a file."""
        del ctx, param
        return [CompletionItem(incomplete, type="file")]

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> bytes | Recorded:
        """Return what was recorded, or fail with a sentence that says what is wrong with it."""
        text, raw = str(value), bool(ctx and ctx.params.get("raw"))
        try:
            if text == "-":
                return _from_file(sys.stdin.buffer.read(), "standard input", raw=raw)
            return _hex_or_file(text, raw=raw)
        except (HexError, JournalError) as error:
            self.fail(str(error), param, ctx)
        except OSError as error:
            self.fail(f"{error.filename or text}: {error.strerror or error}", param, ctx)


def _hex_or_file(text: str, *, raw: bool) -> bytes | Recorded:
    try:
        return from_hex(text)
    except HexError as error:
        try:
            data = Path(text).read_bytes()  # a pipe as well, as a shell makes one of <(...)
        except IsADirectoryError:
            raise HexError(f"{text} is a folder: give hexadecimal, a file, or -") from error
        except (FileNotFoundError, ValueError):
            raise HexError(f"{error}; nor is it a file") from error
        except OSError as failure:
            if failure.errno == errno.ENAMETOOLONG:
                raise error from None
            raise
    return _from_file(data, text, raw=raw)


def _from_file(data: bytes, name: str, *, raw: bool) -> bytes | Recorded:
    return journal_in(data, name) if is_journal(data) and not raw else from_file(data, raw=raw)


@click.command("decode")
@click.argument("recording", metavar="HEX|-|FILE|JOURNAL", type=Recording())
@click.option(
    "--raw",
    is_flag=True,
    is_eager=True,
    help="Take a file or standard input as bytes, whatever they look like.",
)
@key_files_option
@click.option(
    "--only",
    type=Parsed("message", message_name_of, lambda: KINDS),
    multiple=True,
    help="Of a journal, only the messages of this name; more than one may be given.",
)
@click.option("--faults", is_flag=True, help="Of a journal, only the faults that struck.")
@click.option("--events", is_flag=True, help="Of a journal, only what is no message.")
@click.option(
    "--json", "wants_json", is_flag=True, help="Print a line of JSON a frame, or of a journal an entry."
)
def decode(
    *,
    recording: bytes | Recorded,
    raw: bool,  # noqa: ARG001 - `recording` has used it
    key_files: tuple[Path, ...],
    only: tuple[str, ...],
    faults: bool,
    events: bool,
    wants_json: bool,
) -> None:
    """Explain frames: each check, each field, what it says.

    Give hexadecimal with or without spaces, a file of it or of bytes, or - for standard input: one frame or a whole
    recording with noise in it. What a frame says can be read without a key, but anybody can have written it; --key
    verifies the tags, for which the handshake of the session has to be in the recording too.

    A journal, as pumpmock serve --journal writes one, is told line by line; its frames were verified by the pump.

    \b
    Examples:
      pumpmock decode pump.jsonl --only Prepare --only Commit --events
      pumpmock decode "00 08 01 11 04 03 02 01 05 ... 00"
      pumpmock decode --key ~/.config/pumpmock/keys/PM-00001.viewer.key recording.bin
      xxd -p recording.bin | pumpmock decode --json -
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    wanted = Wanted(only, faults, events)
    if isinstance(recording, Recorded):
        if key_files:
            raise click.UsageError(
                "the frames of a journal were verified when it was written: leave --key out"
            )
        show(recording, wanted, as_json=wants_json, say=click.echo)
        return
    if any(wanted):
        raise click.UsageError("--only, --faults and --events choose from a journal, and this is none")
    keys = read_keys(key_files)
    found = list(explain(recording, keys))
    if not found:
        raise click.UsageError("nothing was given but delimiters" if recording else "nothing was given")
    for one in found:
        click.echo(json.dumps(as_json(one)) if wants_json else "\n".join((*lines(one), "")))
    if not wants_json:
        click.echo(_summary(found, keys))


def _summary(found: Sequence[Explained], keys: Sequence[Key]) -> str:
    """Return the last line: how many frames there were, what was wrong, and what would tell more."""
    frames = sum(one.code is not None for one in found)
    failed = sum(one.failed is not None for one in found)
    unverified = sum(one.is_unverified for one in found)
    told = f"{_many(frames, 'frame')}, {failed} with a failed check, {unverified} not verified"
    if not unverified:
        return told
    if not keys:
        return f"{told}: --key verifies them, where the handshake is in the recording"
    return f"{told}: their handshake is not in the recording, or is another key's"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
