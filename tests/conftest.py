"""How long the property tests run: short in `make test`, long in `make fuzz`. Failing examples are printed to repeat.

No test leaves anything behind in the user's own folders, nor does a process that a test starts.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile(
    "short", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", parent=settings.get_profile("short"), max_examples=20_000)
# Against mutants (tests/campaigns/mutation.py): always the same examples, and a failing one is as good as a smaller one.
settings.register_profile(
    "mutants",
    parent=settings.get_profile("short"),
    max_examples=25,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("short")


@pytest.hookimpl(optionalhook=True)  # of a run without pytest-xdist nobody asks
def pytest_xdist_auto_num_workers() -> int:
    """Start two workers more than there are cores: many a test awaits a process that is starting, or a slow line."""
    return (os.cpu_count() or 1) + 2


@pytest.fixture(scope="session", autouse=True)
def _state_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have what programs note of their user lie in a folder of the session's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setitem(os.environ, "XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield
