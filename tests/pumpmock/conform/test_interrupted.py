"""A run that ends before its time tells what it has found, and leaves the device as it was, or says that it could not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pumpmock.commands.conform import _examined, _Paper
from pumpmock.conform.wire import LinkError
from pumpmock.pace import Pace
from tests.pumpmock.conform.plant import BOTH_KEYS, limited_memory, named, rig_at
from tests.pumpmock.conftest import RATE_NL_H, Bench, new_memory

if TYPE_CHECKING:
    from pumpmock.conform.check import Check
    from pumpmock.conform.rig import Rig

APPLIES = named("a Commit applies what was prepared, as the next revision")
NEVER = named("a frame may arrive byte by byte")
LEFT_AS_IT_IS = f"THE DEVICE MAY NOT BE AS IT WAS, at {RATE_NL_H} nL/h by its program"


def stopped(_rig: Rig) -> None:
    raise KeyboardInterrupt


def unplugged(rig: Rig) -> None:
    class Gone:
        def write(self, _data: bytes) -> None:
            raise LinkError("the port has gone")

        read = write

        def close(self) -> None:
            pass

    rig._wire = Gone()  # type: ignore[assignment] # its reading fails as its writing does
    rig.silence()


def ended(bench: Bench, *checks: Check) -> tuple[int, _Paper]:
    paper = _Paper(as_json=False)
    code = _examined(rig_at(bench), "memory", [BOTH_KEYS], checks, paper, allow_changes=True, slow=False)
    return code, paper


@pytest.mark.parametrize("lockout_s", [0, 60])
def test_ctrl_c_prints_what_was_found_and_puts_the_rate_back(
    lockout_s: int, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(new_memory(lockout_s=lockout_s))
    code, paper = ended(bench, APPLIES, NEVER._replace(run=stopped), NEVER)
    told = capsys.readouterr()
    assert (code, len(paper.results)) == (1, 1)
    assert "pumpmock: stopped after 1 of 3 checks\n" in told.err
    assert told.out.splitlines()[-1] == "1 checks: 1 ok, 0 failed, 0 skipped"
    assert f"the device is back: {RATE_NL_H} nL/h, RUNNING, by PROGRAM; revision 2\n" in told.out
    assert bench.status().programmed_rate_nl_h == RATE_NL_H
    assert LEFT_AS_IT_IS not in told.err


def test_a_line_that_goes_after_a_change_is_told_with_the_rate_that_is_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = Bench(limited_memory())
    code, _ = ended(bench, APPLIES, NEVER._replace(run=unplugged), NEVER)
    told = capsys.readouterr()
    assert code == 3
    assert f"pumpmock: {LEFT_AS_IT_IS}: the port has gone\n" in told.err
    assert told.out.splitlines()[-1] == "1 checks: 1 ok, 0 failed, 0 skipped"


def test_a_device_that_does_not_let_the_rate_come_back_fails_the_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = Bench(limited_memory())

    def freezes_it(_rig: Rig) -> None:
        bench.device.pace = Pace(0, bench.now_ns, bench.memory.pump.clock.now_us)

    code, _ = ended(bench, APPLIES, NEVER._replace(run=freezes_it))
    assert code == 1
    assert f"pumpmock: {LEFT_AS_IT_IS}: expected 20833 nL/h, RUNNING" in capsys.readouterr().err


def test_a_run_in_which_nothing_failed_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = ended(Bench(limited_memory()), NEVER)
    assert code == 0
    assert (
        "pumpmock: changes are allowed: the rate will differ by 1 nL/h for a while" in capsys.readouterr().err
    )
