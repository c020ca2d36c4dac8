"""A short soak: some seconds of what `make fuzz` does for an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.soak import soak

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_pump_to_which_everything_happens_serves_the_next_host_and_leaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    found = soak(seconds=8, seed=1)

    assert found.wrong == [], found
    assert found.readings > 0
    assert found.struck
