"""Keys that reach the dashboard all at once, as from a person who types fast while the computer is busy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual.widgets import Input

from monitor.ui import in_turn
from monitor.ui.in_turn import Followed
from monitor.ui.screens.change import ChangeScreen
from monitor.ui.screens.menu import ChangesMenu
from monitor.ui.screens.pump import PumpScreen
from tests.monitor.ui.bench import FakeSource, snapshot
from tests.monitor.ui.stage import page, press, run, send, settle, text

if TYPE_CHECKING:
    from textual.message import Message
    from textual.pilot import Pilot

    from monitor.ui.app import DashboardApp


@pytest.mark.parametrize("closing", ["enter", "escape"])
def test_a_key_typed_at_once_after_the_one_that_closes_a_change_opens_what_it_opens(closing: str) -> None:
    source = FakeSource(snapshot())

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        await press(pilot, "r", "0.51", "enter", "right", "enter")
        assert isinstance(app.screen, ChangeScreen)
        applied = snapshot(revision=5, commanded_rate_nl_h=21_250)
        assert applied.reading is not None
        source.publish(replace(applied, reading=replace(applied.reading, asked_ns=app._now_ns())))
        await settle(pilot)
        assert "the pump reports 0.510 mL/day" in page(app)
        send(app, closing, "c")
        await settle(pilot)
        assert isinstance(app.screen, ChangesMenu)

    run(source, act)


@pytest.mark.parametrize(
    ("keys", "field"), [(("r", *"0.65"), "rate_nl_h"), (("c", "i", *"0.65"), "volume_nl")]
)
def test_a_figure_typed_before_its_box_has_opened_is_whole_in_its_field(
    keys: tuple[str, ...], field: str
) -> None:
    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        send(app, *keys)
        await settle(pilot)
        assert isinstance(app.focused, Input)
        assert (app.focused.id, app.focused.value) == (field, "0.65")

    run(FakeSource(snapshot()), act)


def test_a_letter_that_closes_and_one_that_opens_change_places_as_often_as_typed() -> None:
    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        send(app, *("c", "escape") * 5, "A", "escape", "t", "escape", "?", "escape", "c", "c", "l")
        await settle(pilot)
        assert "EVENTS" in "\n".join(text(app))
        assert app.theme == "bench-light"

    run(FakeSource(snapshot()), act)


def test_keys_are_taken_again_where_what_followed_a_key_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[Message] = []
    posting = PumpScreen.post_message

    def losing(screen: PumpScreen, message: Message) -> bool:
        if isinstance(message, Followed):
            lost.append(message)
            return False
        return posting(screen, message)

    async def act(app: DashboardApp, pilot: Pilot[None]) -> None:
        send(app, "l", "l", "l")
        while (len(lost), app.theme) != (3, "bench-light"):
            await pilot.pause(0.01)

    monkeypatch.setattr(in_turn, "_PATIENCE_S", 0.01)
    monkeypatch.setattr(PumpScreen, "post_message", losing)
    run(FakeSource(snapshot()), act)
