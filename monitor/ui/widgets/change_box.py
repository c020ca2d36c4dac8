"""The box in which the flow is changed, as it looks at each step. What happens in it is the screen's affair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from monitor.ui.flow import Step
from monitor.ui.widgets import bounds_strip, effects
from monitor.ui.widgets.bounds_strip import Proposal
from monitor.ui.widgets.drawing import Drawing
from monitor.ui.words import parse_typed, printable
from protocol.intent import MOST_REASON
from protocol.units import QuantityError, ml_day
from protocol.vocabulary import ChangeKind

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from monitor.ui.flow import Flow

_TITLES: Final = {
    ChangeKind.RATE: "SET RATE",
    ChangeKind.STOP: "STOP DELIVERY",
    ChangeKind.RESUME: "RESUME DELIVERY",
}
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
        self.rate = Input(id="rate", max_length=_LONGEST, select_on_focus=False)
        self.reason = Input(id="reason", max_length=MOST_REASON, select_on_focus=False)
        self.again = Input(id="again", max_length=_LONGEST, select_on_focus=False)
        self.cancel = Button(Content("Cancel  esc"), id="cancel", compact=True)
        self.go = Button(Content(""), id="go", compact=True)
        self._rate_hint = Static(markup=False, classes="hint")
        self._strip = Drawing(bounds_strip.draw, id="strip")
        self._effects = Drawing(effects.draw, id="effects")
        self._sentence = Static(markup=False, id="sentence")
        self._again_row = Horizontal(classes="row")
        self._again_name = Static(markup=False, classes="name")
        self._again_hint = Static(markup=False, classes="hint")
        self._step = Static(markup=False, id="step")
        # A button that still shows its last press takes no new one: Send would be deaf for a fifth of a second.
        self.cancel.active_effect_duration = self.go.active_effect_duration = 0
        self.rate.cursor_blink = self.reason.cursor_blink = self.again.cursor_blink = False
        self.border_title = Content(f"{_TITLES[flow.kind]}  pump {printable(flow.seen.serial_number)}")

    def compose(self) -> ComposeResult:
        """Put the parts in their places; only a rate has a field and bounds."""
        if self._flow.kind is ChangeKind.RATE:
            with Horizontal(classes="row"):
                yield Static("New rate, mL/day", markup=False, classes="name")
                yield self.rate
                yield self._rate_hint
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

    def next_act(self) -> Input | Button:
        """Return where the focus belongs: the field to fill in, and Cancel where there is none."""
        flow = self._flow
        if flow.step is Step.ASK and flow.kind is ChangeKind.RATE:
            return self.rate
        return self.again if flow.step is Step.REVIEW and flow.retype else self.cancel

    def show(self) -> None:
        """Draw the flow as it stands."""
        flow, status = self._flow, self._flow.seen.status
        sentence, warns = flow.sentence(self.rate.value)
        self._strip.show(Proposal(flow.bounds, flow.rules.soft, flow.present_nl_h, self._proposed(), warns))
        if flow.prepared is None:
            self._effects.show(effects.present(status))
        else:
            self._effects.show(effects.proposed(flow.prepared, status.clock_s, warns=bool(flow.retype)))
        aside = " Bounds read from the pump." if flow.step is Step.REVIEW and flow.assessment else ""
        aside = f" Reason: {printable(flow.reason)}" if aside and flow.reason else aside
        self._sentence.update(_said(sentence, aside, warns=warns), layout=False)
        self._show_fields()
        self.show_buttons()

    def _proposed(self) -> int | None:
        if self._flow.prepared is not None:
            return self._flow.prepared.new_rate_nl_h
        try:
            return parse_typed(self.rate.value)
        except QuantityError:
            return None

    def _show_fields(self) -> None:
        flow = self._flow
        self.rate.disabled = flow.step is not Step.ASK
        least, most = ml_day(flow.bounds.least_rate_nl_h), ml_day(flow.bounds.most_rate_nl_h)
        self._rate_hint.update(Content(f"{least} to {most}, steps of 0.001"), layout=False)
        asked = flow.step is Step.REVIEW and bool(flow.retype)
        why = flow.step in _FIRST_STEP and flow.wants_reason(self.rate.value)
        self._again_row.visible = asked or why
        self.again.disabled, self.reason.disabled = not asked, flow.step is not Step.ASK or not why
        self.again.display, self.reason.display = not why, why
        word = flow.kind is not ChangeKind.RATE
        name = "Reason" if why else f'Type "{flow.retype}"' if word else "Type it again"
        self._again_name.update(Content(name), layout=False)
        hint = "" if why else "the word arms Send" if word else "same figure arms Send"
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
        self.go.disabled = not (flow.may_ask(self.rate.value) or flow.armed(self.again.value))
        self.go.visible = flow.step is not Step.ENDED
        self.go.set_class(leads, "-leads")


def _said(sentence: str, aside: str, *, warns: bool) -> Content:
    style = "bold $value" if sentence.startswith("✓") else "$foreground"
    mark, style = ("◆ ", "bold $medium") if warns else ("", style)
    return Content.assemble((mark, "$medium"), (printable(sentence), style), (aside, "$label"))
