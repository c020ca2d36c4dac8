"""A link is as slow, as late and as cut up as it was asked to be, either way, and draws that from a seed."""

from __future__ import annotations

from random import Random

import pytest

from protocol.messages import Poll
from pumpmock.medium import AS_SET, Jitter, Medium
from tests.pumpmock.faults.stand import MS, Host, S, Stand

FRAME_BYTES = 38  # of a poll: docs/protocol.md


def timed(stand: Stand, host: Host) -> tuple[int, int]:
    """Return how long a poll takes, and how many bytes go and come."""
    asked, _ = host.end.ask(Poll())
    began_ns = stand.emulator.wall.now_ns()
    host.port.write(asked)
    reply = host.read()
    assert host.end.receive(reply)[0] != []
    return stand.emulator.wall.now_ns() - began_ns, len(asked) + len(reply)


@pytest.mark.parametrize("baud", [9_600, 38_400, 115_200])
def test_a_round_trip_takes_as_long_as_its_bytes_on_the_wire(baud: int) -> None:
    stand = Stand(medium=Medium(baud))
    taken_ns, size = timed(stand, stand.host())
    assert abs(taken_ns - size * 10 * S // baud) <= 1


def test_latency_is_waited_for_either_way() -> None:
    stand = Stand(medium=Medium(latency_ms=20))
    assert timed(stand, stand.host())[0] == 40 * MS


def test_a_pump_hears_at_the_rate_of_the_line_too() -> None:
    stand = Stand(medium=Medium(1_200))
    host = stand.host()
    polls = len([entry for entry in stand.emulator.journal.entries if entry.what == "in"])
    asked, _ = host.end.ask(Poll())
    host.port.write(asked)
    stand.hand.advance(len(asked) * 10 * S // 1_200 - 1)
    assert len([entry for entry in stand.emulator.journal.entries if entry.what == "in"]) == polls
    stand.hand.advance(1)
    assert len([entry for entry in stand.emulator.journal.entries if entry.what == "in"]) == polls + 1


def test_a_link_that_goes_as_its_host_sets_it_asks_the_port() -> None:
    class Port:
        url = "mock"
        baud = 19_200

        def baud_of(self, peer: str) -> int:
            assert peer == "memory"
            return self.baud

    stand = Stand(medium=Medium(AS_SET))
    stand.emulator.ports.add("memory", Port())
    host = stand.host()
    taken_ns, size = timed(stand, host)
    assert abs(taken_ns - size * 10 * S // 19_200) <= 1
    Port.baud = 4_800
    taken_ns, size = timed(stand, host)
    assert abs(taken_ns - size * 10 * S // 4_800) <= 1
    Port.baud = 0  # not known
    assert timed(stand, host)[0] == 0


def test_chunks_arrive_apart() -> None:
    stand = Stand(medium=Medium(chunk=10, gap_ms=3))
    taken_ns, size = timed(stand, stand.host())
    pieces = -(-FRAME_BYTES // 10) + -(-(size - FRAME_BYTES) // 10)
    assert taken_ns == (pieces - 2) * 3 * MS


def test_jitter_comes_from_the_seed() -> None:
    def trips(seed: int) -> list[int]:
        stand = Stand(seed=seed, medium=Medium(latency_ms=5, jitter=Jitter("uniform", 30)))
        host = stand.host()
        return [timed(stand, host)[0] for _ in range(10)]

    assert trips(1) == trips(1)
    assert trips(1) != trips(2)
    assert all(10 * MS <= taken_ns <= 70 * MS for taken_ns in trips(1))


def test_each_distribution_is_what_its_name_says() -> None:
    stream = Random(7)  # noqa: S311 - a draw, not a secret
    drawn = {
        name: sorted(Jitter(name, 10, 50).draw_ns(stream) for _ in range(4_001))
        for name in ("none", "uniform", "normal", "lognormal")
    }
    assert set(drawn["none"]) == {0}
    assert drawn["uniform"][0] >= 0
    assert drawn["uniform"][-1] <= 10 * MS
    assert abs(drawn["uniform"][2_000] - 5 * MS) < MS // 2
    # Of a normal one that is never early, half are not late at all, and a sixth are later than one deviation.
    assert drawn["normal"][1_900] == 0
    assert abs(drawn["normal"][3_365] - 10 * MS) < MS
    assert abs(drawn["lognormal"][2_000] - 10 * MS) < MS
    assert drawn["lognormal"][0] > 0


def test_a_perfect_link_and_a_real_one_carry_the_same_bytes() -> None:
    plain = Stand()
    slow = Stand(medium=Medium(9_600, 20, Jitter("normal", 5), 4))
    for stand in (plain, slow):
        host = stand.host()
        host.commit(host.prepared())
        host.status()
    assert slow.said() == plain.said()


def test_a_link_is_told_in_words() -> None:
    assert Medium().text == ""
    assert Medium(9_600, 20, Jitter("uniform", 5), 1).text == (
        "9600 baud, 20 ms either way, uniform jitter of 5 ms, 1 byte at a time"
    )
    assert Medium(AS_SET).text == "as fast as the host sets"
