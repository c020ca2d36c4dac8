"""The shape of a priority, the same on a screen and on paper: it carries the meaning where there is no colour."""

from __future__ import annotations

from typing import Final

from protocol.alarms import Priority

MARK: Final = {Priority.HIGH: "▲", Priority.MEDIUM: "◆", Priority.LOW: "●"}
