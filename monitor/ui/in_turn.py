"""Keys taken one at a time: what is typed before the last key has had its effect waits for it.

A key goes from the app to the widget that has the focus and comes back unless it was used; a box opens, or closes, only
some messages later. What is typed in between went to where the focus had been: of "r0.6", typed fast or on a busy
computer, "6" was left, and the key after the Enter that closed a box did nothing.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from textual.app import App
from textual.events import Key
from textual.message import Message

if TYPE_CHECKING:
    from textual.events import Event
    from textual.timer import Timer

# A message sent after a key passes all that the key sends. First the key itself; then the press of a button, or the
# letter of a menu; then the box that is opened or uncovered; then the focus in it.
_ROUNDS: Final = 4
_MOST: Final = 256  # keys that wait: a line that somebody pastes
_PATIENCE_S: Final = 2  # then a widget was taken away with the message in its queue


class Followed(Message):
    """Goes the way of a key, behind it; `left` rounds are to come."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left


class InTurn(App[None]):
    """An app that takes keys one at a time."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - as textual has them
        super().__init__(**options)
        self._behind: deque[Key] = deque()
        self._round: Followed | None = None
        self._patience: Timer | None = None

    @property
    def takes_a_key(self) -> bool:
        """Whether a key has yet to have its effect."""
        return self._round is not None

    async def on_event(self, event: Event) -> None:
        """Take a key, or keep it while another one has its effect."""
        if not isinstance(event, Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._round is None:
            await self._take(event)
        elif len(self._behind) < _MOST:
            self._behind.append(event)
            if self._patience is None:
                self._patience = self.set_timer(_PATIENCE_S, self._go_on)

    async def _take(self, key: Key) -> None:
        await super().on_event(key)
        self._follow(_ROUNDS)

    def _follow(self, left: int) -> None:
        self._round = Followed(left)
        if not self.screen_stack:  # the app is ending
            return
        (self.focused or self.screen).post_message(self._round)

    async def on_followed(self, message: Followed) -> None:
        """Send the next round, or take the next key."""
        if message is not self._round:  # it was not waited for any longer
            return
        if message.left:
            self._follow(message.left - 1)
        else:
            await self._go_on()

    async def _go_on(self) -> None:
        self._round = None
        if self._patience is not None:
            self._patience.stop()
            self._patience = None
        if self._behind:
            await self._take(self._behind.popleft())
        if self._behind:
            self._patience = self.set_timer(_PATIENCE_S, self._go_on)
