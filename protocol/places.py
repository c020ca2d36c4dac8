"""Where the two programs meet on one machine: names under folders that each program looks up for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

APP = "pumpmock"  # folder of the user's configuration and of the run-time files
KEYS = "keys"  # folder below the configuration
DRUG_LIBRARY = (
    "drug_library",
    "baclofen.toml",
)  # the library that both programs take unless told otherwise, below protocol
DEFAULT_LINK = "pump0"  # virtual serial port below the run-time folder
HOME = "PUMPMOCK_HOME"  # in the environment: the folder of keys and notes, in place of the user's own
BAUD = 115_200  # a pseudo-terminal takes any; a cable wants one
LEAST_BAUD = (
    300  # at 200 and less, Challenge and Confirm take longer than the 5 s that a pump waits for the Confirm
)
MOST_BAUD = 4_000_000  # the fastest rate that termios names


def runtime_folder(environment: Mapping[str, str], temporary: str, user_id: int) -> str:
    """Return the folder of the virtual serial ports: the session's own, or one of this user among temporary files."""
    own = environment.get("XDG_RUNTIME_DIR")
    return f"{own}/{APP}" if own else f"{temporary}/{APP}-{user_id}"
