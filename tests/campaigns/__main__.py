"""`python -m tests.campaigns [NUMBER...]`: run the campaigns and print what was achieved."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from tests.campaigns.campaign import SEED, Campaign
from tests.campaigns.progress import LOG_S, TERMINAL_S, Progress
from tests.campaigns.report import page, text
from tests.campaigns.runner import Row, run_all
from tests.campaigns.table import CAMPAIGNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_FAILED, _INTERRUPTED = 1, 130
_NAMED_SIZES: dict[str, Callable[[Campaign], int]] = {
    "short": lambda campaign: campaign.short,
    "full": lambda campaign: campaign.full,
}


class Size(click.ParamType[Any]):
    """`short`, `full`, or a number that every campaign takes as its own."""

    name = "short|full|N"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - as click declares it
        """Return what tells a campaign's size."""
        if value in _NAMED_SIZES:
            return _NAMED_SIZES[value]
        if not value.isdecimal():
            self.fail(f"{value!r} is neither short nor full nor a number", param, ctx)
        return lambda _campaign: int(value)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("numbers", nargs=-1, type=click.IntRange(1))
@click.option("--seed", type=click.IntRange(0), default=SEED, show_default=True, help="Where chance begins.")
@click.option("--size", "size_of", type=Size(), default="full", show_default=True, help="How much is tried.")
@click.option(
    "--progress/--no-progress",
    default=None,
    help="Say on standard error how far it has come.  [default: where that is a terminal]",
)
@click.option("--markdown", is_flag=True, help="Print the page docs/trust.md instead.")
def main(
    numbers: tuple[int, ...],
    seed: int,
    size_of: Callable[[Campaign], int],
    progress: bool | None,  # noqa: FBT001 - click passes it by name
    markdown: bool,  # noqa: FBT001 - as above
) -> None:
    """Run campaigns (all, or those of the NUMBERs) and print what each achieved.

    Exit code 1 where a promise was broken or a control was not found out, 130 after Ctrl-C.
    """
    unknown = set(numbers) - set(CAMPAIGNS)
    if unknown:
        known = ", ".join(map(str, CAMPAIGNS))
        raise click.UsageError(f"there is no campaign {min(unknown)}; there are {known}")
    chosen = [CAMPAIGNS[number] for number in numbers or sorted(CAMPAIGNS)]
    with _progress(wanted=progress) as shown:
        code = tell(chosen, size_of, seed, shown, markdown=markdown)
    sys.exit(code)


def tell(
    campaigns: Iterable[Campaign],
    size_of: Callable[[Campaign], int],
    seed: int,
    progress: Progress,
    *,
    markdown: bool,
) -> int:
    """Run campaigns, print their rows, and return the exit code."""
    rows: list[Row] = []
    code = 0
    try:
        for row in run_all(campaigns, size_of, seed, say=progress.say, clock=time.perf_counter):
            rows.append(row)
            if not markdown:
                progress.clear()
                click.echo(text(row) + "\n")
            if not (row.kept and row.convincing):
                code = _FAILED
                said = f"{row.campaign.number} {row.campaign.name}: not passed"
                progress.say(f"{said}: {row.achieved.examples}")
    except KeyboardInterrupt:
        progress.say(f"interrupted after {len(rows)} of the campaigns")
        code = _INTERRUPTED
    if markdown:
        click.echo(page(rows), nl=False)
    return code


def _progress(*, wanted: bool | None) -> Progress:
    """Return what tells of the run: at length on a terminal or where it was asked for."""
    on_terminal = sys.stderr.isatty()
    if not (on_terminal if wanted is None else wanted):
        return Progress(sys.stderr, time.monotonic)
    period_s = TERMINAL_S if on_terminal else LOG_S
    return Progress(sys.stderr, time.monotonic, period_s, rewriting=on_terminal)


if __name__ == "__main__":
    main()
