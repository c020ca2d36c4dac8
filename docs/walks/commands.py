"""Commands without a screen, run as a shell would run them, and what they print."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from click.testing import CliRunner

from docs.walks.stage import WalkError
from monitor.cli import main
from protocol.places import HOME

if TYPE_CHECKING:
    from docs.walks.bench import Bench
    from docs.walks.stage import Told


def run(bench: Bench, told: Told, command: str) -> str:
    """Run a `pump-monitor` command on what the bench's folder holds, tell of it, and return what it prints.

    Raises:
        WalkError: it fails.
    """
    program, *arguments = shlex.split(command)
    if program != "pump-monitor":
        raise WalkError(f"{program} is no command of a walk: pump-monitor is")
    bench.await_goodbyes()
    before = os.environ.get(HOME)
    os.environ[HOME] = str(bench.home)
    try:
        ended = CliRunner().invoke(main, arguments)
    finally:
        if before is None:
            del os.environ[HOME]
        else:
            os.environ[HOME] = before
    if ended.exit_code:
        raise WalkError(f"{command} ends with {ended.exit_code}: {ended.output}")
    told.typed(command, *ended.output.splitlines())
    return ended.output
