"""The box in which the flow is changed, as it looks at each step. What happens in it is the screen's affair."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from monitor.kinds.wording import wanted
from monitor.ui.flow import Step
from monitor.ui.widgets import bounds_strip, effects
from monitor.ui.widgets.bounds_strip import Proposal
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.widgets.steps_grid import StepsGrid
from monitor.ui.words import printable
from protocol.intent import MOST_REASON

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from monitor.ui.flow import Flow

_GO: Final = {
    Step.ASK: "Ask the pump",
    Step.PREPARING: "asking …",
    Step.SENDING: "sending …",
    Step.READ_BACK: "reading back …",
    Step.UNKNOWN: "Ask again",
    Step.ASKING: "asking …",
    Step.ENDED: "",
}
_FIRST_STEP: Final = (Step.ASK, Step.PREPARING)
_UNSENT: Final = (*_FIRST_STEP, Step.REVIEW)
_OVER: Final = (Step.READ_BACK, Step.UNKNOWN, Step.ENDED)
_WAITING: Final = (Step.PREPARING, Step.SENDING, Step.READ_BACK, Step.ASKING)
_LONGEST: Final = 24  # characters that a figure with its unit may have


class ChangeBox(Vertical):
    """Fields, bounds, effects, a sentence and two buttons, drawn from a flow.

    Args:
        flow: the change.
    """

    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self._flow = flow
        row = flow.row
        self.fields = {
            one.name: Input(id=one.name, max_length=_LONGEST, select_on_focus=False)
            for one in row.fields
            if not one.rows
        }
        self.grids = {one.name: StepsGrid(one.rows) for one in row.fields if one.rows}
        self.reason = Input(id="reason", max_length=MOST_REASON, select_on_focus=False)
        self.again = Input(id="again", max_length=_LONGEST, select_on_focus=False)
        self.cancel = Button(Content("Cancel  esc"), id="cancel", compact=True)
        self.go = Button(Content(""), id="go", compact=True)
        self._hints = {one.name: Static(markup=False, classes="hint") for one in row.fields}
        self._strip = Drawing(bounds_strip.draw, id="strip")
        self._effects = Drawing(effects.draw, id="effects")
        self.set_class(row.has_rate, "-rate")  # the style sheet gives each fact a row
        self.add_class(f"-facts{len(flow.facts)}")
        self._sentence = Static(markup=False, id="sentence")
        self._again_row = Horizontal(classes="row")
        self._again_name = Static(markup=False, classes="name")
        self._again_hint = Static(markup=False, classes="hint")
        self._step = Static(markup=False, id="step")
        # A button that still shows its last press takes no new one: Send would be deaf for a fifth of a second.
        self.cancel.active_effect_duration = self.go.active_effect_duration = 0
        for one in (*self.fields.values(), self.reason, self.again):
            one.cursor_blink = False
        self.border_title = Content(f"{row.title}  pump {printable(flow.seen.serial_number)}")

    def compose(self) -> ComposeResult:
        """Put the parts in their places: a row a field, a strip where one of them is a rate."""
        for one in self._flow.row.fields:
            if one.rows:
                yield self.grids[one.name]
                continue
            with Horizontal(classes="row"):
                yield Static(one.label, markup=False, classes="name")
                yield self.fields[one.name]
                yield self._hints[one.name]
        if self._flow.row.has_rate:
            yield self._strip
        yield self._effects
        yield self._sentence
        with self._again_row:
            yield self._again_name
            yield self.reason
            yield self.again
            yield self._again_hint
        with Horizontal(classes="row", id="buttons"):
            yield self._step
            yield self.cancel
            yield self.go

    @property
    def texts(self) -> dict[str, str]:
        """What is typed, by the name of its field."""
        grids = {name: grid.text for name, grid in self.grids.items()}
        return {name: field.value for name, field in self.fields.items()} | grids

    def empty_after(self, submitted: Input) -> Input | None:
        """Return the first empty field below the one that was left by Enter; None if there is none."""
        names = list(self.fields)
        if self.grids or submitted.id not in names:
            return None
        below = (self.fields[name] for name in names[names.index(submitted.id) + 1 :])
        return next((field for field in below if not field.value.strip()), None)

    def next_act(self) -> Input | Button:
        """Return where the focus belongs: the field to fill in, and Cancel where there is none."""
        flow = self._flow
        if flow.step is Step.ASK and flow.row.fields:
            name = flow.faulty or flow.row.fields[0].name
            return self.fields[name] if name in self.fields else self.grids[name].first
        return self.again if flow.step is Step.REVIEW and flow.retype else self.cancel

    def show(self) -> None:
        """Draw the flow as it stands."""
        flow, status = self._flow, self._flow.seen.status
        sentence, warns = flow.sentence(self.texts)
        if flow.row.has_rate:
            self._strip.show(
                Proposal(flow.bounds, flow.rules.soft, flow.present_nl_h, self._proposed(), warns)
            )
        if flow.prepared is None:
            self._effects.show(effects.present(status, flow.facts))
        else:
            warned = bool(flow.retype)
            shown = effects.proposed(flow.prepared, status.clock_s, warns=warned, facts=flow.facts)
            self._effects.show(shown)
        reviewed = flow.step is Step.REVIEW
        aside = " Bounds read from the pump." if reviewed and flow.row.has_rate else ""
        aside = f" Reason: {printable(flow.reason)}" if reviewed and flow.reason else aside
        if reviewed and flow.prepared is not None and self.grids:
            aside += f" {wanted(flow.prepared.change, flow.ground, '')}"  # the table has given way
        self._sentence.update(_said(sentence, aside, warns=warns), layout=False)
        self._show_fields()
        self.show_buttons()

    def _proposed(self) -> int | None:
        if self._flow.prepared is not None:
            return self._flow.prepared.new_rate_nl_h
        for one in self._flow.row.fields:
            if one.name == "rate_nl_h":
                with contextlib.suppress(ValueError):
                    return int(one.value(one.typed(self.fields[one.name].value), self._flow.ground))
        return None

    def _show_fields(self) -> None:
        flow, texts = self._flow, self.texts
        asking = flow.step in _FIRST_STEP
        for one in flow.row.fields:
            self._hints[one.name].update(Content(one.hint(flow.ground)), layout=False)
        for field in self.fields.values():
            field.disabled = flow.step is not Step.ASK
        for (
            grid
        ) in self.grids.values():  # the table and the effects take turns, so that both fit a small terminal
            grid.disabled, grid.display = flow.step is not Step.ASK, asking
            self._effects.display = not asking
        judged = flow.assessment
        asked = flow.step is Step.REVIEW and bool(flow.retype)
        why = asking and flow.wants_reason(texts)
        self._again_row.visible = asked or why
        self.again.disabled, self.reason.disabled = not asked, flow.step is not Step.ASK or not why
        self.again.display, self.reason.display = not why, why
        name = "Reason" if why or judged is None else judged.label
        self._again_name.update(Content(name), layout=False)
        hint = "" if why else "the word arms Send" if flow.row.word else "same figure arms Send"
        same = asked and flow.matches(self.again.value)
        self._again_hint.update(Content("it is the same, ⏎ sends" if same else hint), layout=False)

    def show_buttons(self) -> None:
        """Draw the buttons as the flow and the focus have them."""
        flow = self._flow
        self._step.update(Content(f"step {1 if flow.step in _FIRST_STEP else 2} of 2"), layout=False)
        self.border_subtitle = Content("nothing changes until you press Send" if flow.step in _UNSENT else "")
        # Enter is shown at the button that it would press from where the focus is, and the way to the other one.
        leads = not self.cancel.has_focus
        self.cancel.label = Content(
            ("Close" if flow.step in _OVER else "Cancel") + ("  esc" if leads else "  ⏎")
        )
        go = _GO.get(flow.step, f"Send to {printable(flow.seen.serial_number)}")
        mark = "" if flow.step in _WAITING else "  ⏎" if leads else "  →"
        self.go.label = Content(go + mark)
        self.go.disabled = not (flow.may_ask(self.texts) or flow.armed(self.again.value))
        self.go.visible = flow.step is not Step.ENDED
        self.go.set_class(leads, "-leads")


def _said(sentence: str, aside: str, *, warns: bool) -> Content:
    style = "bold $value" if sentence.startswith("✓") else "$foreground"
    mark, style = ("◆ ", "bold $medium") if warns else ("", style)
    return Content.assemble((mark, "$medium"), (printable(sentence), style), (aside, "$label"))
