"""The dashboard on a page of a browser: Textual's driver for it, and what an app does otherwise that is one of several.

Several apps share one process and one event loop. So no app of these may take the process for its own: its signals,
its standard output, its terminal.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, Final, cast

from rich.console import Console
from textual import constants, events
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.filter import ANSIToTruecolor
from textual.geometry import Size

from monitor.ui.app import DashboardApp

if TYPE_CHECKING:
    from textual.app import App

    from monitor.annunciator import Annunciator
    from monitor.sharing import Seat
    from monitor.ui.source import Watched
    from monitor.web.outlet import Outlet

# Alternate screen, any mouse event in SGR's form, no cursor, bracketed paste; then: is synchronised output understood?
_BEGIN: Final = "\x1b[?1049h\x1b[?1000h\x1b[?1003h\x1b[?1006h\x1b[?25l\x1b[?2004h\x1b[?2026$p"
_ESCAPE: Final = "\x1b"
_SLACK_S: Final = 0.01


class BrowserDriver(Driver):
    """Writes to the app's outlet, and is fed with what the page sends; nothing here waits."""

    def __init__(self, app: App[Any], **options: Any) -> None:  # noqa: ANN401 - Textual's signature
        super().__init__(app, **options)
        self._browser = cast("BrowserApp", app)
        self._parser = XTermParser()

    @property
    def is_web(self) -> bool:
        """Whether it runs in a browser."""
        return True

    def write(self, data: str) -> None:
        """Have it drawn."""
        self._browser.outlet.write(data)

    def start_application_mode(self) -> None:
        """Set the page's terminal up."""
        self.write(_BEGIN)
        self.resize(*self._browser.wanted_size)

    def feed(self, text: str) -> None:
        """Take what was typed. A page sends each key as one text, so an Escape alone is one at once."""
        if text == _ESCAPE:
            self.process_message(events.Key("escape", _ESCAPE))
            return
        if not text:  # which the parser takes for the end
            return
        for event in self._parser.feed(text):
            self.process_message(event)
        self._loop.call_later(constants.ESCAPE_DELAY + _SLACK_S, self._wait_no_more)

    def _wait_no_more(self) -> None:
        for event in self._parser.tick():
            self.process_message(event)

    def resize(self, width: int, height: int) -> None:
        """Take the page's size."""
        self._size = width, height
        self.send_message(events.Resize(Size(width, height), Size(width, height)))

    def disable_input(self) -> None:
        """Do nothing: who no longer listens is not fed."""

    def stop_application_mode(self) -> None:
        """Do nothing: the page takes its terminal away."""

    def close(self) -> None:
        """Have Textual forget what it remembers by who asked: with it, apps and all that they drew would be kept."""
        XTermParser._parse_extended_key.cache_clear()  # noqa: SLF001 - as private as the parser is
        StylesCache.get_inner_outer.cache_clear()
        ANSIToTruecolor.truecolor_style.cache_clear()

    def open_url(self, url: str, new_tab: bool = True) -> None:  # noqa: FBT001, FBT002 - Textual's signature
        """Open nothing: nobody at the server's screen asked for it."""

    def deliver_binary(self, *_file: object, **_options: object) -> None:
        """Send no files."""


class BrowserApp(DashboardApp):
    """The dashboard of one page.

    Args:
        seat: at the watch that all pages share.
        outlet: what it writes to.
        annunciator: of all pages, so that an alarm which was seen on one was seen.
        options: as for `DashboardApp`.
    """

    DRIVER = BrowserDriver

    def __init__(
        self,
        seat: Seat,
        outlet: Outlet,
        annunciator: Annunciator,
        **options: Any,  # noqa: ANN401 - as the base has them
    ) -> None:
        self._shared_annunciator = annunciator
        super().__init__(seat, **options)
        self.outlet = outlet
        self.wanted_size = (0, 0)
        # What standard output is redirected to as long as an app runs: for one of several, where it goes already.
        self._capture_stdout: Any = sys.stdout
        self._capture_stderr: Any = sys.stderr
        # Textual asks the terminal of the process which colours it has. That is another one.
        self.console = Console(
            file=io.StringIO(),
            color_system="truecolor",
            force_terminal=True,
            legacy_windows=False,
            markup=True,
            highlight=False,
            emoji=False,
            safe_box=False,
        )

    def _annunciator_of(self, _source: Watched) -> Annunciator:
        return self._shared_annunciator

    def _leave_cleanly(self) -> None:
        """Leave signals to the server."""

    async def show(self, width: int, height: int) -> bool:
        """Run until `leave`, or until somebody quits; False where it ended of a bug."""
        self.wanted_size = (width, height)
        await self.run_async(size=(width, height))
        return not self.return_code

    def look_again(self) -> None:
        """Draw what has changed, which was done on another page."""
        self.call_later(self._tick)

    # --- what the page says: from outside of the app ------------------------------------------------------------------

    @property
    def _web(self) -> BrowserDriver | None:
        return cast("BrowserDriver | None", self._driver)

    def feed(self, text: str) -> None:
        """Take what was typed."""
        if self._web is not None:
            self._web.feed(text)

    def resize(self, width: int, height: int) -> None:
        """Take the page's size."""
        self.wanted_size = (width, height)
        if self._web is not None:
            self._web.resize(width, height)

    def focus(self, *, has: bool) -> None:
        """Take whether the page has the focus."""
        self.post_message(events.AppFocus() if has else events.AppBlur())

    def draw_anew(self) -> None:
        """Draw everything, whatever was drawn before."""
        if self._web is not None:
            self._web.write(_BEGIN)
        self.call_later(self.refresh, layout=True)

    def leave(self) -> None:
        """End."""
        self.exit()
