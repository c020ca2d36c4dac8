"""A small host of our own, on a cable in memory, so that a scenario needs nobody else."""

from pumpmock.host.cable import Cable, PulledError
from pumpmock.host.host import Fate, Host
from pumpmock.host.talk import VanishedError

__all__ = ["Cable", "Fate", "Host", "PulledError", "VanishedError"]
