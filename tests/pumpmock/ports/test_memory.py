from __future__ import annotations

from typing import TYPE_CHECKING

from pumpmock.ports.memory import MemoryPort

if TYPE_CHECKING:
    from tests.pumpmock.ports.conftest import Journal


def test_a_reply_can_be_read_as_soon_as_the_request_is_written(journal: Journal) -> None:
    port = MemoryPort(journal.open)

    assert port.write(b"status\nrate") == 11
    assert port.read(100) == b"<status>\n"
    assert port.write(b"\n") == 1
    assert port.read(100) == b"<rate>\n"


def test_a_read_returns_no_more_than_was_asked_for_and_never_waits(journal: Journal) -> None:
    port = MemoryPort(journal.open)
    port.write(b"ab\n")

    assert port.read() == b"<"
    assert port.read(2) == b"ab"
    assert port.read(10) == b">\n"
    assert port.read(10) == b""


def test_the_conversation_is_opened_by_name_and_ends_with_the_port(journal: Journal) -> None:
    MemoryPort(journal.open).close()

    assert journal.entries == ["open memory", "close"]


def test_what_the_pump_sends_unasked_arrives_until_the_port_is_closed(journal: Journal) -> None:
    port = MemoryPort(journal.open)

    journal.send(b"late")
    assert port.read(10) == b"late"

    port.close()
    journal.send(b"later")
    assert port.read(10) == b""
