"""The fleet's conversation with a real pump's end, without a port: what is sent, what is due, what is given up when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.errors import LinkError
from monitor.fleet.talk import Talk
from protocol.messages import Identity, Poll, Status
from protocol.places import BAUD
from protocol.timeouts import handshake_timeout_ms, reply_timeout_ms
from protocol.vocabulary import Role
from pumpmock.dialects.native import NativeConversation
from pumpmock.keyring import ensure_keys
from tests.monitor.conftest import MS, SERIAL_NUMBER, STORE_ID, Clock, codes_in, counting_random, new_device

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.fleet.talk import Heard
    from protocol.keys import Key

DAY_NS = 86_400_000 * MS


class Table:
    """A pump and a talk with it, on one table."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.random = counting_random()
        self.keys = ensure_keys(folder / "keys", SERIAL_NUMBER, self.random)
        self.technician = next(key for key in self.keys.values() if key.role is Role.TECHNICIAN)
        self.restart()
        self.heard: list[Heard] = []

    def restart(self) -> None:
        """Start the pump again: it has forgotten every session."""
        self.pump = NativeConversation(
            new_device(STORE_ID, self.clock, self.random),
            self.keys,
            self.random,
            opened=lambda _role: None,
            unsaved=lambda _error: None,
        )

    def talk(self, *keys: Key) -> Talk:
        return Talk([[key] for key in keys or (self.technician,)], self.random, "nobody answers")

    def carry(self, talk: Talk, data: bytes) -> None:
        """Carry bytes to and fro until nobody has anything to say."""
        while data:
            data, heard = talk.receive(self.pump.receive(data), self.clock())
            self.heard += [heard] if heard is not None else []

    def wait_in_vain(self, talk: Talk) -> None:
        """Let each time-out pass."""
        while talk.due_ns is not None:
            self.clock.now_ns = talk.due_ns
            talk.expire(self.clock())

    def kinds(self) -> list[type]:
        return [type(heard.message) for heard in self.heard]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path)


def test_a_greeting_leads_to_who_is_there_and_to_a_reading(table: Table) -> None:
    talk = table.talk()
    table.carry(talk, talk.hello(table.clock()))
    assert table.kinds() == [Identity, Status]
    assert talk.key is not None
    assert (talk.key.serial_number, talk.due_ns, talk.bad_frames) == (SERIAL_NUMBER, None, 0)


def test_a_poll_leads_to_one_reading_stamped_with_when_it_was_asked_for(table: Table) -> None:
    talk = table.talk()
    table.carry(talk, talk.hello(table.clock()))
    table.clock.now_ns += 1_000 * MS
    asked = talk.poll(table.clock())
    table.clock.now_ns += 20 * MS
    table.carry(talk, asked)
    assert table.kinds() == [Identity, Status, Status]
    assert table.heard[-1].asked_ns == table.clock() - 20 * MS


def test_a_lost_answer_is_asked_for_again_and_an_old_one_is_no_answer(table: Table) -> None:
    talk = table.talk()
    table.carry(talk, talk.hello(table.clock()))
    asked = talk.poll(table.clock())
    late = table.pump.receive(asked)
    assert talk.due_ns == table.clock() + reply_timeout_ms(BAUD, len(asked)) * MS
    table.clock.now_ns = talk.due_ns
    again = talk.expire(table.clock())
    assert codes_in(again) == [Poll.code]
    assert talk.receive(late, table.clock()) == (b"", None)
    table.carry(talk, again)
    assert table.kinds()[2:] == [Status]


def test_a_pump_that_was_started_again_is_greeted_anew_and_read_on(table: Table) -> None:
    talk = table.talk()
    table.carry(talk, talk.hello(table.clock()))
    table.restart()
    data = talk.poll(table.clock())
    for _ in range(2):
        table.carry(talk, data)
        assert talk.due_ns is not None
        table.clock.now_ns = talk.due_ns
        data = talk.expire(table.clock())
    table.carry(talk, data)
    assert table.kinds() == [Identity, Status, Identity, Status]


def test_a_pump_that_stays_silent_is_given_up_after_two_polls_and_two_greetings(table: Table) -> None:
    talk = table.talk()
    table.carry(talk, talk.hello(table.clock()))
    began_ns = table.clock()
    asked = talk.poll(began_ns)
    with pytest.raises(LinkError, match="the pump does not answer"):
        table.wait_in_vain(talk)
    assert (
        table.clock() - began_ns == 2 * (reply_timeout_ms(BAUD, len(asked)) + handshake_timeout_ms(BAUD)) * MS
    )


def test_every_key_is_tried_before_it_is_said_that_nobody_answers(table: Table, tmp_path: Path) -> None:
    (stranger, _) = ensure_keys(tmp_path / "other", "PM-00009", table.random).values()
    talk = table.talk(stranger, table.technician)
    table.pump.receive(talk.hello(table.clock()))
    for _ in range(2):
        assert talk.due_ns is not None
        table.clock.now_ns = talk.due_ns
        data = talk.expire(table.clock())
    table.carry(talk, data)
    assert table.kinds() == [Identity, Status]
    alone = table.talk(stranger)
    alone.hello(table.clock())
    with pytest.raises(LinkError, match="nobody answers"):
        table.wait_in_vain(alone)


def strangers(table: Table, number: int) -> list[Key]:
    """Make keys of pumps that are not on the table."""
    return [
        replace(
            table.technician, serial_number=f"PM-{100 + one}", key_id=table.random(4), secret=table.random(32)
        )
        for one in range(number)
    ]


@pytest.mark.parametrize("place", [0, 15, 16, 39, 40])
def test_of_many_keys_the_right_one_is_found_without_waiting_for_each_that_is_wrong(
    table: Table, place: int
) -> None:
    keys = strangers(table, 40)
    keys.insert(place, table.technician)
    talk = Talk([keys], table.random, "nobody answers")
    began_ns = table.clock()
    table.carry(talk, talk.hello(began_ns))
    while not table.heard:
        assert talk.due_ns is not None
        table.clock.now_ns = talk.due_ns
        table.carry(talk, talk.expire(table.clock()))
    assert table.kinds() == [Identity, Status]
    assert table.clock() - began_ns <= place // 16 * 200 * MS


def test_an_answer_to_an_earlier_greeting_is_taken_though_others_have_left_since(table: Table) -> None:
    talk = Talk([[table.technician, *strangers(table, 60)]], table.random, "nobody answers")
    late = table.pump.receive(talk.hello(table.clock()))
    for _ in range(3):
        assert talk.due_ns is not None
        table.clock.now_ns = talk.due_ns
        talk.expire(table.clock())
    confirm, _ = talk.receive(late, table.clock())
    table.carry(talk, confirm)
    assert table.kinds() == [Identity, Status]


def test_the_next_session_is_opened_before_the_present_one_ends(table: Table) -> None:
    talk = table.talk()
    table.carry(talk, talk.hello(table.clock()))
    table.clock.now_ns += DAY_NS - 200_000 * MS
    table.carry(talk, talk.poll(table.clock()))
    assert table.kinds() == [Identity, Status, Identity, Status]
    table.clock.now_ns += 1_000 * MS
    assert codes_in(talk.poll(table.clock())) == [Poll.code]
