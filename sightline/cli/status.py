"""``sightline status``: how every part is doing."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.console import stdout

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from infra.local.status import StackStatus

WATCH_S = 2.0


def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document, and nothing else on stdout.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again and again, until Ctrl-C.")] = False,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")
    ] = None,
) -> None:
    """Show whether all is well, each part's health, version and address, how far the stream is behind, who has which cores.

    What is well or not, with the last quarter of an hour, comes from Prometheus: `sightline up --metrics` starts one.

    Exit code 0 when everything is ready, else 1.

    Examples:

    * `sightline status`
    * `sightline status --watch`
    * `sightline status --json | jq .stream.lag_messages`
    """
    from infra.local.status import ask_all
    from sightline.settings import load_settings

    if as_json and watch:
        raise typer.BadParameter("--watch and --json do not go together: --json prints one document")
    if watch:
        _watch(config)
    answer = ask_all(load_settings(config))
    if as_json:
        typer.echo(json.dumps(answer.document(), indent=2))
    else:
        stdout.print(_rendered(answer))
    raise typer.Exit(0 if answer.ready else 1)


def _watch(config: Path | None) -> None:
    """Live on a terminal; through a pipe, one table after the other."""
    from rich.live import Live

    try:
        if not stdout.is_terminal:
            while True:
                stdout.print(_asked(config), "")
                stdout.file.flush()
                time.sleep(WATCH_S)
        with Live(console=stdout, screen=True, auto_refresh=False) as live:
            while True:
                live.update(_asked(config), refresh=True)
                time.sleep(WATCH_S)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _asked(config: Path | None) -> Group:
    from infra.local.status import ask_all
    from sightline.settings import load_settings

    return _rendered(ask_all(load_settings(config)))


def _rendered(answer: StackStatus) -> Group:
    from rich.console import Group

    from sightline.cli.overview_display import OverviewDisplay, no_overview_line
    from sightline.cli.tables import cameras_table, cores_line, degraded_lines, lag_line, services_table

    known = answer.overview
    parts: list[RenderableType] = [no_overview_line(known) if isinstance(known, str) else OverviewDisplay(known), ""]
    parts += [services_table(answer.services), "", lag_line(answer.stream)]
    parts += [*degraded_lines(answer.stream), cores_line(answer.cores)]
    if answer.stream.cameras:
        parts += ["", cameras_table(answer.stream)]
    return Group(*parts)
