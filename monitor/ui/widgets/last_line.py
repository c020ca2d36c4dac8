"""The last line as a widget: the keys, and for a while what was just said; it takes no focus and covers no figure."""

from __future__ import annotations

from typing import Final

from monitor.ui.moment import NS_PER_S
from monitor.ui.widgets import keys
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.keys import Key, Keys

SAID_NS: Final = 8 * NS_PER_S  # how long a sentence stays


class LastLine(Drawing[Keys]):
    """The last line of a screen."""

    def __init__(self) -> None:
        super().__init__(keys.draw, id="keys")
        self._keys: tuple[Key, ...] = ()
        self._said = ""
        self._until_ns = 0

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that it shows."""
        return self._keys

    def offer(self, offered: tuple[Key, ...], now_ns: int) -> None:
        """Show these keys, and what was said as long as it stays."""
        self._keys = offered
        self.tick(now_ns)
        self.show(Keys(self._keys, self._said))

    def tick(self, now_ns: int) -> None:
        """Take away what has been said for long enough."""
        if self._said and now_ns > self._until_ns:
            self._said = ""
            self.show(Keys(self._keys))

    def say(self, sentence: str, now_ns: int, for_ns: int = SAID_NS) -> None:
        """Say something for a while."""
        self._said, self._until_ns = sentence, now_ns + for_ns
        self.show(Keys(self._keys, self._said))
