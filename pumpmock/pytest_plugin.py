"""Pumps as pytest fixtures: `pump`, `apump` and `pump_factory`, and the marker and options that say what they are.

    def test_the_host_survives_a_lost_answer(pump):
        driver = Driver(pump.url)
        ...

pytest finds this by itself where pumpmock is installed, and nothing else imports it: pumpmock does not need pytest.
docs/testing.md, docs/decisions/0045-pytest-plugin.md
"""

from __future__ import annotations

import re
from pathlib import Path
from secrets import randbelow
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from pumpmock.testing import AsyncPump, LivePump
    from pumpmock.testing.violations import Violation

# `pumpmock.testing` is imported by the first test that wants a pump: a run without any does not pay for it.

_ALL = "all"
_RANDOM = "random"
_MOST_SEED = 2**32
_FIXTURES = frozenset({"pump", "apump", "pump_factory"})
_SEED = pytest.StashKey[int]()
_PUMPS = pytest.StashKey["list[LivePump]"]()
_FAILED = pytest.StashKey[bool]()
_LONGEST_NAME = 100
_MARKER = (
    "pump(**options): what the pump of a test is: transport, profile, reservoir, low_reservoir, rate, battery, "
    "concentration, rate_error, drug, drugs, limits, serial_number, key_role, seed, speed, frozen, baud, latency, jitter, chunk, journal, strict"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("pumpmock", "virtual drug pumps")
    group.addoption(
        "--pump-transport",
        metavar="NAME",
        help="Plug the pumps of tests into this (pty, tcp ...), or 'all': every test once for each. A marker's own "
        "transport stands. Default: pty, where there is such a thing.",
    )
    group.addoption(
        "--pump-seed",
        metavar="N",
        default="",
        help="Draw all that is random about pumps from this number, or 'random': from a new one, which is printed.",
    )
    group.addoption(
        "--pump-journal",
        metavar="DIR",
        help="Write each pump's journal to a file in DIR, as it happens; pumpmock decode reads it.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker, and read the options."""
    config.addinivalue_line("markers", _MARKER)
    config.stash[_SEED] = _seed_of(config)
    transport = config.getoption("--pump-transport")
    if transport is not None and transport != _ALL:
        from pumpmock.testing.transports import TRANSPORTS  # noqa: PLC0415 - only for who names one

        if transport not in TRANSPORTS:
            known = ", ".join([*TRANSPORTS, _ALL])
            raise pytest.UsageError(f"--pump-transport: {transport!r} is no transport; known are {known}")


def _seed_of(config: pytest.Config) -> int:
    text = config.getoption("--pump-seed")
    if not text:
        return 1
    if text == _RANDOM:
        # The workers of pytest-xdist are given the options of this process, and shall draw no seeds of their own.
        config.option.pump_seed = text = str(randbelow(_MOST_SEED))
    if not (text.isascii() and text.isdigit() and int(text) < _MOST_SEED):
        raise pytest.UsageError(f"--pump-seed: {text!r} is neither 0 to {_MOST_SEED - 1} nor '{_RANDOM}'")
    return int(text)


def pytest_report_header(config: pytest.Config) -> str:
    """Tell the seed, without which a run can't be repeated."""
    return f"pumpmock: --pump-seed={config.stash[_SEED]}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each transport, where that was asked for and the test names none."""
    if metafunc.config.getoption("--pump-transport") != _ALL or "pump_transport" not in metafunc.fixturenames:
        return
    item = metafunc.definition
    is_told = "transport" in _options_of(item) or any(
        "pump_transport" in str(mark.args[:1]) for mark in item.iter_markers("parametrize")
    )
    if not is_told:
        from pumpmock.testing.transports import TRANSPORTS  # noqa: PLC0415 - as above

        metafunc.parametrize("pump_transport", list(TRANSPORTS), indirect=True)


@pytest.fixture
def pump_transport(request: pytest.FixtureRequest) -> str | None:
    """The transport that a test's pumps are plugged into, unless a marker says otherwise; None for the usual one.

    `@pytest.mark.parametrize("pump_transport", ["pty", "tcp"], indirect=True)` runs one test on each of these.
    """
    asked: str | None = getattr(request, "param", None) or request.config.getoption("--pump-transport")
    return None if asked == _ALL else asked


@pytest.fixture
def pump_factory(
    request: pytest.FixtureRequest, pump_transport: str | None
) -> Iterator[Callable[..., list[LivePump]]]:
    """Make pumps that end with the test.

    `first, second = pump_factory(2, reservoir="3 mL")` makes two. Options go before those of the marker. Each pump has a serial number and a seed of its own.
    """
    from pumpmock.testing import OptionError, start_pump  # noqa: PLC0415 - see above

    item: pytest.Item = request.node
    made: list[LivePump] = []
    item.stash[_PUMPS], item.stash[_FAILED] = made, False  # anew, where a test is run again

    def make(n: int = 1, **options: Any) -> list[LivePump]:  # noqa: ANN401 - see pumpmock.testing.options
        asked = _options_of(item) | options
        if pump_transport is not None:
            asked = {"transport": pump_transport} | asked
        seed = asked.pop("seed", item.config.stash[_SEED])
        fresh: list[LivePump] = []
        for place in range(n):
            try:
                mine = _journal_of(item, len(made) + 1) | asked
                one = start_pump(**mine, seed=seed + place if isinstance(seed, int) else seed)
            except OptionError as error:
                raise _failed(f"{item.location[0]}:{(item.location[1] or 0) + 1}: {error}") from None
            one.leave_the_journal_out()  # it is shown below whatever fails
            fresh.append(one)
            made.append(one)
        return fresh

    yield make
    _end(item, made)


@pytest.fixture
def pump(pump_factory: Callable[..., list[LivePump]]) -> LivePump:
    """A live pump of this test's own, on a real port: see docs/testing.md for what it can do."""
    return pump_factory()[0]


@pytest.fixture
def apump(pump: LivePump) -> AsyncPump:
    """The same pump for a test that runs in an asyncio loop, whoever runs it: what waits is awaited."""
    from pumpmock.testing import asynchronous  # noqa: PLC0415 - see above

    return asynchronous(pump)


def _options_of(item: pytest.Item) -> dict[str, Any]:
    """Return the options of the markers, the nearest going before those of its class and its module."""
    options: dict[str, Any] = {}
    for mark in item.iter_markers("pump"):
        if mark.args:
            raise _failed('pytest.mark.pump takes options by name: pytest.mark.pump(transport="tcp"), say')
        options = dict(mark.kwargs) | options
    return options


def _failed(sentence: str) -> BaseException:
    """Return a failure that is the fault of the test or of its host: a sentence, and no lines of ours."""
    return pytest.fail.Exception(sentence, pytrace=False)


def _end(item: pytest.Item, pumps: list[LivePump]) -> None:
    """End the pumps of a test, all of them, and raise what they had to say."""
    wrong: list[str] = []
    broken: list[Exception] = []
    for pump in pumps:
        try:
            pump.close(judge=not item.stash.get(_FAILED, False))
        except AssertionError as error:
            wrong.append(str(error))
        except Exception as error:  # noqa: BLE001 - raised below, once the others have ended
            broken.append(error)
    if broken:
        raise broken[0] if len(broken) == 1 else ExceptionGroup("several pumps failed", broken)
    if wrong:
        raise _failed("\n".join(wrong))


def _journal_of(item: pytest.Item, number: int) -> dict[str, Path]:
    """Return the option that has a pump's journal written, one file a pump of a test, where that was asked for."""
    where = item.config.getoption("--pump-journal")
    if where is None:
        return {}
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", item.nodeid)[-_LONGEST_NAME:]
    folder = Path(where)
    folder.mkdir(parents=True, exist_ok=True)
    # Two tests may differ in characters that a file's name can't have.
    return {"journal": folder / f"{name}-{crc32(item.nodeid.encode()):08x}-{number}.jsonl"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show under a failed test what its pumps saw, and how to have the same again."""
    report = yield
    if call.excinfo is not None:
        item.stash[_FAILED] = True  # a host that was left in the middle of something is not judged
    if report.failed:
        for pump in item.stash.get(_PUMPS, []):
            # At its end a pump tells what was broken by itself.
            broken = pump.violations if report.when == "call" else []
            report.sections.append((f"pump {pump.serial_number}", _story(pump, broken)))
    return report


def _story(pump: LivePump, broken: list[Violation]) -> str:
    from pumpmock.testing.text import NEWEST  # noqa: PLC0415 - there is a pump, so it is loaded already

    again = f"to have the same again: --pump-seed={pump.seed} --pump-transport={pump.transport}"
    told = [f"a host broke the protocol: {violation}" for violation in broken]
    return "\n".join([again, *told, pump.journal.text(NEWEST)])
