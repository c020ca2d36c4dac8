"""What a technician may ask beside changes: acknowledging alarms and pausing their sound. Nothing of it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import MOST_AUDIO_PAUSE_S, Acknowledge, AudioPause, Status
from protocol.units import US_PER_S
from pumpmock.conform.check import Check, Need, SkippedError, demand, ensure
from pumpmock.conform.desk import status

if TYPE_CHECKING:
    from pumpmock.conform.rig import Rig


def _inactive_alarms(rig: Rig) -> None:
    before = status(rig)
    after = rig.ask(Acknowledge(~before.alarms & 0xFFFF_FFFF), Status)
    if before.alarms == after.alarms:
        demand(after.acknowledged, before.acknowledged, "acknowledged alarms")


def _sounding(rig: Rig) -> None:
    if status(rig).audio_pause_s:
        raise SkippedError("somebody has paused the alarm sound, which is not ours to end")


def _pause(rig: Rig) -> None:
    _sounding(rig)
    before = status(rig)
    now = rig.ask(AudioPause(MOST_AUDIO_PAUSE_S), Status)
    gone_s = (now.pump_time_us - before.pump_time_us) // US_PER_S + 1
    least_s = max(0, MOST_AUDIO_PAUSE_S - gone_s)
    within = least_s <= now.audio_pause_s <= MOST_AUDIO_PAUSE_S
    ensure(so=within, expected=f"audio_pause_s of {least_s} to {MOST_AUDIO_PAUSE_S}", got=now.audio_pause_s)
    demand(rig.ask(AudioPause(0), Status).audio_pause_s, 0, "audio_pause_s after a pause of 0 s:")


def _ends_with_the_session(rig: Rig) -> None:
    _sounding(rig)
    rig.ask(AudioPause(MOST_AUDIO_PAUSE_S), Status)
    demand(rig.open(rig.open_session.key).audio_pause_s, 0, "audio_pause_s in the next session:")


CHECKS = (
    Check("Acknowledge", "alarms that are not active are passed over", _inactive_alarms, Need.CHANGES),
    Check("AudioPause", "the sound can be paused for 600 s, and 0 s ends it", _pause, Need.CHANGES),
    Check(
        "Requests",
        "an audio pause ends with the session that asked for it",
        _ends_with_the_session,
        Need.CHANGES,
    ),
)
