"""What the commands with a screen have in common: how a pump is watched, and what is stored of it meanwhile.

Nothing is imported before it is wanted: the first paint waits for none of it.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import LinkError

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.client import PumpClient
    from monitor.commands.options import Keys, Place
    from monitor.history.past import Stored
    from monitor.history.recorder import Recorder
    from monitor.keys import Keyring
    from monitor.ui.trends import Wanted
    from monitor.watch import Watcher
    from protocol.intent import Intent


def check_port(url: str, keys: Keys) -> None:
    """Refuse a device that is not there.

    Raises:
        LinkError: it is not, and no outcome is in doubt, which would be worth a screen.
    """
    if "://" not in url and not Path(url).exists() and not any(_left(keys, None)):
        raise LinkError(f"there is no port {url}: is it plugged in, is the emulator running?")


def watcher(
    url: str, baud: int, keys: Keys, period_ms: int, history: Place, ring: Callable[[], Keyring]
) -> Watcher:
    """Return what watches the pump on a port; it is not started.

    Args:
        url: the port.
        baud: of the line.
        keys: those that decide whose changes are looked for.
        period_ms: a reading is asked for this often.
        history: where readings are kept.
        ring: returns the keys to try, anew for each connection.
    """
    from monitor.watch import Watcher  # noqa: PLC0415 - now that it is certain to be wanted

    kept = cache(partial(_recorder, keys, history))
    return Watcher(
        url,
        lambda: _connect(url, baud, ring(), kept()),
        left=partial(_left, keys),
        period_ms=period_ms,
        baud=baud,
        bench_key=keys.bench,
        history=kept,
    )


def past(keys: Keys, history: Place, wanted: Wanted) -> Stored:
    """Return what the history has of a trend; on a thread of its own."""
    from monitor.history.past import stored  # noqa: PLC0415 - after the first paint
    from monitor.history.told import Pump  # noqa: PLC0415 - as above

    return stored(history.found(bench=keys.bench), Pump(*wanted.pump), wanted.from_ms, wanted.to_ms)


def _recorder(keys: Keys, history: Place) -> Recorder | None:
    """Return where readings are kept, None where they are not; on the watching thread, as what follows."""
    if not history.kept:
        return None
    from monitor.history.recorder import Recorder  # noqa: PLC0415 - after the first paint

    return Recorder(history.found(bench=keys.bench))


def _connect(url: str, baud: int, ring: Keyring, recorder: Recorder | None) -> PumpClient:
    """Open a client."""
    from monitor.client import PumpClient  # noqa: PLC0415 - as above
    from monitor.deeds import NoTrail  # noqa: PLC0415 - as above

    return PumpClient(url, keyring=ring, baud=baud, trail=recorder or NoTrail())


def _left(keys: Keys, serial_number: str | None) -> tuple[tuple[Intent, ...], str]:
    """Return the changes in doubt of a pump, None for each whose key is at hand, and why there may be more of them."""
    from monitor.intents import Intents, default_folder  # noqa: PLC0415 - as above

    pumps: set[str] | None = {serial_number} if serial_number else None
    if pumps is None and not keys.bench:  # to the bench key, any pump may answer
        pumps = {key.serial_number for key in keys.ring().keys}
    return Intents(default_folder(bench=keys.bench)).left_in_doubt(pumps)
