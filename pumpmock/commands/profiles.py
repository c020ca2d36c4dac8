"""`pumpmock profiles`: the makes of pump there are, and where each figure of one comes from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pumpmock.commands.parameters import PROFILE
from pumpmock.profile_file import shipped, shipped_names

if TYPE_CHECKING:
    from pumpmock.profile_file import Figure, Profile


@click.command()
@click.argument("profile", type=PROFILE, required=False, metavar="[NAME|FILE]")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON a profile, or a figure.")
def profiles(profile: Profile | None, *, as_json: bool) -> None:
    """List the makes of pump that serve knows, or all figures of one, each with its source.

    A profile of your own is a TOML file with the same figures: pumpmock/profiles has those to begin with.
    """
    if profile is not None:
        _tell_figures(profile, as_json=as_json)
        return
    known = [shipped(name) for name in shipped_names()]
    width = max(len(one.name) for one in known)
    for one in known:
        fields = {"name": one.name, "title": one.title}
        click.echo(json.dumps(fields) if as_json else f"{one.name:{width}}  {one.title}")


def _tell_figures(profile: Profile, *, as_json: bool) -> None:
    if as_json:
        for figure in profile.figures:
            click.echo(json.dumps(asdict(figure)))
        return
    click.echo(f"{profile.name}: {profile.title}")
    widths = [max(len(text) for text in column) for column in zip(*map(_cells, profile.figures), strict=True)]
    section = ""
    for figure in profile.figures:
        if figure.section != section:
            section = figure.section
            click.echo(f"\n[{section}]")
        key, written = _cells(figure)
        click.echo(f"  {key:{widths[0]}}  {written:{widths[1]}}  {figure.source}")


def _cells(figure: Figure) -> tuple[str, str]:
    return figure.key, figure.written
