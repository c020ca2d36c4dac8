"""The fleet's screen: who needs a hand, most urgent first, and from there into the screen of each pump."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from monitor.fleet.rows import BY_URGENCY, ORDERS, matches, needs_a_hand, ordered
from monitor.ui.fleet_moment import View
from monitor.ui.moment import NS_PER_S
from monitor.ui.widgets import fleet_head, fleet_map, keys
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.fleet_table import FleetTable
from monitor.ui.widgets.keys import Key, Keys
from monitor.ui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from monitor.ui.fleet_app import FleetApp
    from monitor.ui.fleet_moment import FleetMoment

_SAID_NS: Final = 8 * NS_PER_S  # how long a sentence stays in the last line
_ENDS: Final = 1 << 31  # further than any fleet goes


class FleetScreen(Screen[None]):
    """All pumps."""

    CSS_PATH = "fleet.tcss"
    AUTO_FOCUS = ""  # the filter has it while it is typed
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open"),
        Binding("slash", "filter", "Filter"),
        Binding("escape", "clear", "Clear"),
        Binding("o", "order", "Order"),
        Binding("n", "next", "Next alarm"),
        Binding("m", "map", "Map"),
        Binding("a", "hear", "Heard"),
        Binding("s", "silence", "Silence"),
        Binding("l", "app.light", "Light/dark"),
        Binding("question_mark", "help", "Help"),
        Binding("q", "app.quit", "Quit"),
        Binding("up,k", "move(-1)", "Up"),
        Binding("down,j", "move(1)", "Down"),
        Binding("pageup", "page(-1)", "Page up"),
        Binding("pagedown", "page(1)", "Page down"),
        Binding("home,ctrl+home", f"move(-{_ENDS})", "First"),
        Binding("end,ctrl+end", f"move({_ENDS})", "Last"),
    ]

    class Opened(Message):
        """Somebody wants the screen of a pump.

        Args:
            number: its place in the fleet.
        """

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__()
        self._moment: FleetMoment | None = None
        self._view = View((), None, 0)
        self._order = BY_URGENCY
        self._wanted = ""
        # None until somebody has chosen: the most urgent row, whichever pump that is.
        self._chosen: int | None = None
        self._said = ""
        self._said_until_ns = 0
        self._head = Drawing(fleet_head.draw, id="head")
        self._table = FleetTable(id="table")
        self._map = Drawing(fleet_map.draw, id="map")
        self._filter = Input(placeholder="words of name, place or state", id="filter", compact=True)
        self._keys = Drawing(keys.draw, id="keys")

    def compose(self) -> ComposeResult:
        """Put the parts in their places."""
        yield self._head
        yield self._table
        yield self._map
        yield self._filter
        yield self._keys
        yield TooSmall("q quits")

    def on_mount(self) -> None:
        """Follow the app's fleet."""
        self._map.border_subtitle = Content("bench tool, not a medical device")
        self.watch(self.app, "fleet", self._show)
        self.watch(self.app, "theme", self._on_theme, init=False)

    def _on_theme(self) -> None:
        self._table.refresh()
        self._show_keys()

    def _show(self, moment: FleetMoment | None) -> None:
        if moment is None:
            return
        if self._said and moment.now_ns > self._said_until_ns:
            self._said = ""
        before, self._moment = self._moment, moment
        self._head.show(moment)
        if before is None or before.rows is not moment.rows:
            self._draw()
        elif before.calling != moment.calling or before.pause_s != moment.pause_s:
            self._show_keys()

    def _draw(self) -> None:
        moment = self._moment
        if moment is None:
            return
        shown = [row for row in moment.rows if matches(row, self._wanted)] if self._wanted else moment.rows
        rows = ordered(shown, self._order)
        numbers = {row.number for row in shown}
        chosen = self._chosen if self._chosen in numbers else rows[0].number if rows else None
        self._view = View(rows, chosen, moment.now_ns)
        self._title(moment, len(rows))
        (self._map if self.has_class("-map") else self._table).show(self._view)
        self._show_keys()

    def _title(self, moment: FleetMoment, shown: int) -> None:
        title = f"BY {self._order.upper()}"
        if self._wanted:
            unseen = sum(needs_a_hand(row) for row in moment.rows) - sum(map(needs_a_hand, self._view.rows))
            hides = f", HIDES {unseen} THAT NEED A HAND" if unseen else ""
            title = f'{shown} OF {len(moment.rows)} WITH "{self._wanted}"{hides}'
        for panel, said in ((self._table, title), (self._map, title if self._wanted else "BY PLACE")):
            if str(panel.border_title) != said:
                panel.border_title = Content(said)

    def _show_keys(self) -> None:
        rows = self._view.rows
        self._keys.show(
            Keys(
                (
                    Key("enter", "Open", ready=bool(rows)),
                    Key("/", "Filter"),
                    *((Key("esc", "All"),) if self._wanted else ()),
                    Key("o", "Order"),
                    Key("n", "Next alarm", ready=self._view.next_in_need() is not None),
                    Key("m", "Table" if self.has_class("-map") else "Map"),
                    *self._keys_of_calls(),
                    Key("?", "Help"),
                    Key("q", "Quit"),
                ),
                self._said,
            )
        )

    def _keys_of_calls(self) -> tuple[Key, ...]:
        moment = self._moment
        if moment is None or not (moment.calling or moment.pause_s):
            return ()
        return (Key("a", "Heard"), Key("s", "Sound" if moment.pause_s else "Silence"))

    def say(self, sentence: str) -> None:
        """Say something in the last line for a while."""
        if self._moment is not None:
            self._said, self._said_until_ns = sentence, self._moment.now_ns + _SAID_NS
            self._show_keys()

    # --- keys ---------------------------------------------------------------------------------------------------------

    def _choose(self, number: int | None) -> None:
        self._chosen = number
        self._draw()

    def on_fleet_table_clicked(self, message: FleetTable.Clicked) -> None:
        """Choose what was clicked on."""
        self._choose(message.number)

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        if self._view.rows:
            place = self._view.place_of(self._view.chosen) + rows
            self._choose(self._view.rows[min(max(place, 0), len(self._view.rows) - 1)].number)

    def action_page(self, pages: int) -> None:
        """Move the cursor by as many rows as there is room for."""
        self.action_move(pages * self._table.room)

    def action_next(self) -> None:
        """Go to the next pump that needs a hand."""
        number = self._view.next_in_need()
        if number is None:
            self.say("no pump needs a hand" if not self._wanted else "none of these needs a hand")
        else:
            self._choose(number)

    def action_order(self) -> None:
        """Sort by the next of the orders."""
        names = list(ORDERS)
        self._order = names[(names.index(self._order) + 1) % len(names)]
        self._draw()

    def action_map(self) -> None:
        """Change between the table and the map."""
        self.toggle_class("-map")
        self._draw()

    def action_hear(self) -> None:
        """Take what calls from the pump under the cursor for heard: nothing is acknowledged at the pump."""
        if self._view.chosen is not None:
            cast("FleetApp", self.app).hear(self._view.chosen)
            self.say("heard: what calls from this pump rings no more; enter opens it, to acknowledge there")

    def action_silence(self) -> None:
        """Make no sound for ten minutes, or end that."""
        silent = cast("FleetApp", self.app).silence()
        self.say("no sound for 10 min here, unless something new calls" if silent else "sound on again")

    def action_filter(self) -> None:
        """Let a filter be typed."""
        self.add_class("-filtering")
        self._filter.focus()

    def action_clear(self) -> None:
        """Show all pumps again, and from the most urgent one on."""
        self._filter.value = ""
        self._wanted = ""
        self._end_typing()
        self._choose(None)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow down while it is typed."""
        self._wanted = event.value.strip()
        self._draw()

    def on_input_submitted(self) -> None:
        """Keep the filter, and go back to the table."""
        self._end_typing()

    def _end_typing(self) -> None:
        self.remove_class("-filtering")
        self.set_focus(None)

    def action_open(self) -> None:
        """Open the pump under the cursor."""
        if self._view.chosen is not None:
            self._chosen = self._view.chosen
            self.post_message(self.Opened(self._view.chosen))

    def action_help(self) -> None:
        """Explain keys and marks."""
        from monitor.ui.screens.fleet_help import FleetHelpScreen  # noqa: PLC0415 - when it is wanted

        self.app.push_screen(FleetHelpScreen())
