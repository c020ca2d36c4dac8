"""A wall that jumps: what is due happens at its own instant, in order, and real time goes on from there."""

from __future__ import annotations

import asyncio
import time

from pumpmock.testing.wall import JumpingWall
from pumpmock.wall import NS_A_S


def run_with_wall(work: object) -> list[BaseException]:
    """Run `work(wall)` in a loop of its own, and return what went wrong in what was planned."""
    errors: list[BaseException] = []

    async def all_of_it() -> None:
        await work(JumpingWall(asyncio.get_running_loop(), errors.append))  # type: ignore[operator]

    asyncio.run(all_of_it())
    return errors


def test_what_is_due_within_a_jump_happens_at_its_own_instant_in_order() -> None:
    async def work(jumping: JumpingWall) -> None:
        wall, at = jumping.wall, []
        start_ns = wall.now_ns()
        wall.later(30 * NS_A_S, lambda: at.append(("late", wall.now_ns())))
        wall.later(20 * NS_A_S, lambda: wall.later(NS_A_S, lambda: at.append(("planned", wall.now_ns()))))
        jumping.jump(60 * NS_A_S)
        (first, first_ns), (second, second_ns) = at
        assert (first, second) == ("planned", "late")
        assert 0 <= first_ns - start_ns - 21 * NS_A_S < NS_A_S
        assert 0 <= second_ns - start_ns - 30 * NS_A_S < NS_A_S
        assert wall.now_ns() - start_ns >= 60 * NS_A_S

    assert run_with_wall(work) == []


def test_without_a_jump_it_is_real_time() -> None:
    async def work(jumping: JumpingWall) -> None:
        done = asyncio.Event()
        before_ns = time.monotonic_ns()
        jumping.wall.later(NS_A_S // 100, done.set)
        await done.wait()
        assert time.monotonic_ns() - before_ns >= NS_A_S // 100

    assert run_with_wall(work) == []


def test_what_was_planned_before_a_jump_comes_so_much_sooner() -> None:
    async def work(jumping: JumpingWall) -> None:
        done = asyncio.Event()
        jumping.wall.later(3_600 * NS_A_S + 1_000_000, done.set)
        jumping.jump(3_600 * NS_A_S)
        await done.wait()

    assert run_with_wall(work) == []


def test_what_is_taken_back_or_given_up_does_not_happen() -> None:
    async def work(jumping: JumpingWall) -> None:
        ran: list[str] = []
        jumping.wall.later(NS_A_S, lambda: ran.append("taken back")).cancel()
        jumping.wall.later(3 * NS_A_S, lambda: ran.append("given up"))
        jumping.jump(2 * NS_A_S)
        jumping.close()
        jumping.jump(2 * NS_A_S)
        assert ran == []

    assert run_with_wall(work) == []


def test_an_error_in_something_planned_is_told_and_stops_nothing_else() -> None:
    ran: list[str] = []

    async def work(jumping: JumpingWall) -> None:
        jumping.wall.later(NS_A_S, lambda: {}["nothing"])
        jumping.wall.later(2 * NS_A_S, lambda: ran.append("the next"))
        jumping.jump(3 * NS_A_S)

    (error,) = run_with_wall(work)
    assert isinstance(error, KeyError)
    assert ran == ["the next"]
