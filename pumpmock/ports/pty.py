"""The pump on a pseudo-terminal: a real serial port to every program that opens it, behind a link that stays.

Bytes outlive the host that wrote them, or didn't read them. So each host's visit has its own conversation (see
`visits`), what one host left unread is thrown away before the next is answered, and a frame begun by one is never
ended by another. A host that reads before it asks, in the very instant it comes, may still find such a rest: the port
sees a host only after the kernel has let it in. Programs that flush on opening, as pyserial does, never do.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pumpmock.ports.base import PortInUseError
from pumpmock.ports.line import Line
from pumpmock.ports.link import Link, default_links, own_directory
from pumpmock.ports.presence import Sign
from pumpmock.ports.visits import Attendance

if TYPE_CHECKING:
    from pathlib import Path

    from pumpmock.ports.base import Conversation, OpenConversation

# A host that writes without a pause must not keep us reading for ever. Nobody having come or gone, this many reads
# are enough; otherwise, this many bytes: a pseudo-terminal holds some 20 kB, so none of them is then left of before.
_ROUNDS = 8
_MORE_THAN_FITS = 32 * 1024


class PtyPort:
    """A pseudo-terminal on which one host at a time can talk to the pump.

    Args:
        link: the path that hosts open.
        open_conversation: called once a visit, with "pty".
    """

    __slots__ = (
        "_attendance",
        "_conversation",
        "_has_unread",
        "_is_deaf",
        "_is_open",
        "_is_refusing",
        "_line",
        "_link",
        "_open_conversation",
        "dropped_bytes",
        "path",
        "unassigned_bytes",
    )

    def __init__(self, link: Path, open_conversation: OpenConversation) -> None:
        self.path = link.absolute()
        """The link that hosts open, wherever the working directory is by then."""
        self.dropped_bytes = 0
        """Bytes of replies that no host read in time, since the port was made."""
        self.unassigned_bytes = 0
        """Bytes thrown away because several hosts wrote them and nothing tells who wrote which."""
        self._link = Link(self.path)
        self._open_conversation = open_conversation
        self._is_open = False
        self._is_refusing = False
        self._is_deaf = False
        self._line: Line | None = None
        self._conversation: Conversation | None = None
        self._attendance = Attendance()
        self._has_unread = False  # whether who is there may have written more than was read with its signs

    @property
    def url(self) -> str:
        """What a host passes to `serial.serial_for_url`: the link's path."""
        return str(self.path)

    @property
    def is_open(self) -> bool:
        """Whether it was opened and not closed since, whatever it is plugged into."""
        return self._is_open

    @property
    def is_plugged(self) -> bool:
        """Whether a host can open the link now."""
        return self._line is not None

    async def open(self) -> None:
        """Claim the link and plug the pump in.

        Raises:
            PortInUseError: another pumpmock serves the link.
            PortError: something else is in the way; the message says what to do.
        """
        self._link.claim()
        self._is_open = True
        self._is_refusing = self._is_deaf = False
        try:
            self.replug()
        except OSError:
            await self.close()
            raise

    async def close(self) -> None:
        """Unplug, and let others have the link. Closing twice does nothing."""
        self.unplug()
        self._is_open = False
        self._link.release()

    def unplug(self) -> None:
        """Pull the plug: a host that has the port open gets an error at once, and the link is gone."""
        # First the link: the number of a closed terminal may be somebody else's in the next instant.
        self._link.take_down()
        line, self._line = self._line, None
        if line is not None:
            self._cut(line)

    def replug(self) -> None:
        """Put a new pseudo-terminal behind the link, in one step if one is there still, and cut the old one off.

        Raises:
            RuntimeError: the port is not open.
            PortError: the system has no pseudo-terminal left.
        """
        if not self._is_open:
            raise RuntimeError("a port is opened before it is plugged in again")
        new = Line(self._serve)
        try:
            if not self._is_refusing:
                self._link.point_at(new.name)
        except OSError:
            new.close()
            raise
        if self._is_deaf:
            new.pause()
        old, self._line = self._line, new
        if old is not None:
            self._cut(old)

    def refuse(self, *, refusing: bool) -> None:
        """Let no further host come, or let them come again; who is there stays.

        A pseudo-terminal can't be refused to whoever may open it, so the link is taken down: opening it fails, though
        with another error than that of a port in use.

        Raises:
            PortError: the link can't be made again.
        """
        self._is_refusing = refusing
        if self._line is None:
            return
        if refusing:
            self._link.take_down()
        else:
            self._link.point_at(self._line.name)

    def deafen(self, *, deaf: bool) -> None:
        """Read nothing, so that a host that writes on is held up once some 20 kB wait; or read again what waits."""
        if deaf == self._is_deaf:
            return
        self._is_deaf = deaf
        if self._line is None:
            return
        if deaf:
            self._line.pause()
        else:
            self._line.resume()
            asyncio.get_running_loop().call_soon(self._serve)

    def baud_of(self, peer: str) -> int:
        """Return the rate that the line is set to, in bits a second; 0 where it is none that the system names."""
        del peer  # there is one line
        return 0 if self._line is None else self._line.baud

    def _cut(self, line: Line) -> None:
        line.close()
        self._attendance = Attendance()
        self._has_unread = False
        self._end_conversation()

    def _serve(self) -> None:
        """Answer what is there. Called when there are bytes or signs; it never waits."""
        line = self._line
        if line is None or self._is_deaf:  # since between the loop's hearing of it and now
            return
        had_unread = self._has_unread
        reads, signs = self._collect(line)
        if _only_writes(signs) and not self._attendance.joined:
            self._answer(line, reads)
            return
        visits = self._attendance.sort_out(signs, bytes_read=bool(reads), bytes_owed=had_unread)
        if visits.author is None:
            self.unassigned_bytes += sum(map(len, reads))
        try:
            for visit in range(visits.last + 1):
                if visit:
                    self._begin_conversation(line)
                if visit == visits.author:
                    self._answer(line, reads, heard=visit == visits.last and self._attendance.clients > 0)
                if self._line is not line:  # the conversation has pulled the plug
                    return
        finally:
            if self._line is line:
                self._tidy_up(line, signs)

    def _collect(self, line: Line) -> tuple[list[bytes], list[Sign]]:
        """Read until no byte is without its sign, and no sign of a write without its bytes.

        A host's opening is signed before its first byte is there, so signs taken after a read cover that read; but a
        write signed in between has bytes that it did not find yet. Hence reading goes on until there is nothing.
        """
        first = line.read()
        reads = [first] if first else []
        if line.watch is None:
            return reads, []
        signs = line.watch.take()
        unchanged_for = rounds = 0
        while more := line.read():
            reads.append(more)
            fresh = line.watch.take()
            signs += fresh
            rounds += 1
            unchanged_for = unchanged_for + len(more) if _only_writes(fresh) else 0
            # Either way what is left is of a host that is still there, and others want their turn.
            if unchanged_for >= _MORE_THAN_FITS or (rounds >= _ROUNDS and _only_writes(signs)):
                self._has_unread = True
                asyncio.get_running_loop().call_soon(self._serve)
                return reads, signs
        self._has_unread = False
        return reads, signs

    def _answer(self, line: Line, reads: list[bytes], *, heard: bool = True) -> None:
        """Pass bytes on, a read at a time, and send each reply, unless the host that asked can't hear it any more."""
        for data in reads:
            conversation = self._conversation or self._open_anew(line)
            reply = conversation.receive(data)
            if self._line is not line:  # the conversation has pulled the plug
                return
            if reply and heard:
                self._send(line, reply)

    def _open_anew(self, line: Line) -> Conversation:
        def send(data: bytes) -> None:
            if self._line is line and self._conversation is opened:
                self._send(line, data)

        self._conversation = opened = self._open_conversation("pty", send)
        return opened

    def _send(self, line: Line, data: bytes) -> None:
        self.dropped_bytes += len(data) - line.write(data)

    def _begin_conversation(self, line: Line) -> None:
        self._end_conversation()
        line.forget_unread()
        self._open_anew(line)

    def _end_conversation(self) -> None:
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            conversation.close()

    def _tidy_up(self, line: Line, signs: list[Sign]) -> None:
        """Make the line as new once nobody is there, for the next host may be one that sets nothing itself."""
        if self._attendance.clients == 0:
            self._end_conversation()
            line.forget_unread()
            line.renew()
        came_or_went = [sign for sign in signs if sign is not Sign.WROTE]
        if came_or_went[-1:] == [Sign.CLOSED]:
            line.admit_all()


async def open_first_free(runtime_dir: Path, open_conversation: OpenConversation) -> PtyPort:
    """Open a port on the first default link in `runtime_dir` that nobody serves: what happens if none was asked for.

    Raises:
        PortInUseError: all of them are served.
        PortError: the directory is not ours alone, or something that isn't a link is in the way.
    """
    own_directory(runtime_dir)
    for link in default_links(runtime_dir):
        port = PtyPort(link, open_conversation)
        try:
            await port.open()
        except PortInUseError:
            continue
        return port
    raise PortInUseError(
        f"all of pumpmock's own links in {runtime_dir} are served: stop one, or choose another link with --pty"
    )


def _only_writes(signs: list[Sign]) -> bool:
    return signs.count(Sign.WROTE) == len(signs)
