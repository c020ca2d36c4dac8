"""`pumpmock record`: stand between a host and a pump, and write down what they say."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from protocol.places import BAUD, runtime_folder
from pumpmock.commands.parameters import HOST_PORT, NO_LINK, REFUSED, key_files_option, read_keys
from pumpmock.console import Console
from pumpmock.journal.file import JournalError, JournalFile
from pumpmock.journal.frames import Follower
from pumpmock.journal.recorder import Recorder
from pumpmock.journal.serial_end import SerialEnd
from pumpmock.ports import PortError
from pumpmock.ports.pty import PtyPort, open_first_free
from pumpmock.ports.tcp import TcpPort


@click.command("record")
@click.argument("port")
@click.option(
    "--journal", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where it is written."
)
@click.option("--pty", "link", type=click.Path(path_type=Path), help="Virtual serial port for the host.")
@click.option("--tcp", type=HOST_PORT, help="TCP port for the host; 0 takes a free one.")
@key_files_option
@click.option(
    "--baud",
    type=click.IntRange(50),
    default=BAUD,
    show_default=True,
    help="Of the pump's line, bits a second.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON an event.")
def record_command(
    *,
    port: str,
    journal: Path,
    link: Path | None,
    tcp: tuple[str, int] | None,
    key_files: tuple[Path, ...],
    baud: int,
    as_json: bool,
) -> None:
    """Stand between a host and the pump at PORT, and write a journal of all that passes, until Ctrl-C.

    PORT is a device or any URL that pyserial opens. The host connects to the virtual serial port, or with --tcp to that;
    its bytes go to the pump as they are, and the pump's to it. Frames are read without a key; with one, their tags are
    verified too.

    \b
    Examples:
      pumpmock record /dev/ttyUSB0 --journal real.jsonl --pty /tmp/ttyPUMP
      pumpmock record socket://127.0.0.1:7070 --journal real.jsonl --key bench
    """  # noqa: D301 - click wants the character, it keeps the examples' lines
    keys = {key.key_id: key for key in read_keys(key_files)}
    console = Console(as_json=as_json)
    try:
        with SerialEnd(port, baud) as line, contextlib.ExitStack() as stack:
            file = JournalFile(
                journal,
                {"url": port, "side": "line"},
                began=datetime.now(UTC),
                since_ns=time.monotonic_ns(),
                follower=Follower(keys, is_pumps=False),
                warn=console.warn,
                has_pump_time=False,
            )
            stack.callback(file.close)
            asyncio.run(_record(line, file, link, tcp, console))
    except PortError as error:
        console.warn(str(error))
        raise SystemExit(NO_LINK) from error
    except (JournalError, OSError) as error:
        console.warn(str(error))
        raise SystemExit(REFUSED) from error


async def _record(
    line: SerialEnd, file: JournalFile, link: Path | None, tcp: tuple[str, int] | None, console: Console
) -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[PortError | None] = loop.create_future()

    def end(error: PortError | None = None) -> None:
        if not ended.done():
            ended.set_result(error)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    recorder = Recorder(line, time.monotonic_ns, file.take, loop, end)
    async with contextlib.AsyncExitStack() as stack:
        ports: dict[str, str] = {}
        pty = await _pty(link, recorder) if link or tcp is None else None
        if pty is not None:
            stack.push_async_callback(pty.close)
            ports["pty"] = pty.url
        if tcp is not None:
            listener = TcpPort(*tcp, recorder.open)
            await listener.open()
            stack.push_async_callback(listener.close)
            ports["tcp"] = listener.url
        recorder.start()
        stack.callback(recorder.stop)
        said = "\n".join(f"  {name}  {url}" for name, url in ports.items())
        console.tell(
            f"recording {line.url}; hosts connect to\n{said}",
            {"event": "ready", "ports": ports, "url": line.url},
        )
        lost = await ended
    if lost is not None:
        raise lost
    console.tell("ended", {"event": "ended"})


async def _pty(link: Path | None, recorder: Recorder) -> PtyPort:
    if link is None:
        return await open_first_free(
            Path(runtime_folder(os.environ, tempfile.gettempdir(), os.getuid())), recorder.open
        )
    port = PtyPort(link, recorder.open)
    await port.open()
    return port
