"""The checks find out what they are there to find out: a device with one thing wrong fails the check that is about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pumpmock.conform.runner import Verdict
from pumpmock.conform.table import CHECKS
from tests.pumpmock.conform import defects_of_the_pump, defects_of_the_wire
from tests.pumpmock.conform.plant import examined, limited_memory, named
from tests.pumpmock.conftest import Bench

if TYPE_CHECKING:
    from collections.abc import Callable

FOUND_BY = {**defects_of_the_wire.FOUND_BY, **defects_of_the_pump.FOUND_BY}


@pytest.mark.parametrize("defect", FOUND_BY, ids=lambda defect: defect.__name__)
def test_a_device_that(defect: Callable[[], defects_of_the_wire.Broken]) -> None:
    check = named(FOUND_BY[defect])
    section = [one for one in CHECKS if one.section == check.section]
    with defect():
        results = examined(Bench(limited_memory()), section)
    failed = {result.check.name for result in results if result.verdict is Verdict.FAILED}
    assert check.name in failed
