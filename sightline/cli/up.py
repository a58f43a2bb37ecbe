"""``sightline up``: the whole stack on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.console import stderr, stdout

if TYPE_CHECKING:
    from collections.abc import Collection

    from sightline.settings import Settings

SERVER_NAMES = ("kafka", "triton", "milvus", "ray", "prometheus")


def _names(text: str | None) -> str | None:
    unknown = [name for name in (text or "").split(",") if text and name.strip() not in SERVER_NAMES]
    if unknown:
        raise typer.BadParameter(f"no such server: {', '.join(unknown)} (there are {', '.join(SERVER_NAMES)})")
    return text


def up(
    *,
    metrics: Annotated[bool, typer.Option("--metrics", help="Prometheus too.")] = False,
    only: Annotated[
        str | None, typer.Option(callback=_names, metavar="NAMES", help="Only these servers, with commas between them.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")
    ] = None,
) -> None:
    """Start Kafka, Triton, Milvus and Ray on this machine, then the stream and the web page.

    What runs already is left alone, what died comes back with its data, and what the settings say about is started anew
    when they change. The first time, what is missing is downloaded once for all. Servers that the settings name
    (`kafka.bootstrap_servers`, `triton.url`, `milvus.uri`, `ray.address`) are used as they are, never started.

    Examples:

    * `sightline up`
    * `sightline up --metrics`: with Prometheus
    * `sightline up --only kafka,triton`
    * `SIGHTLINE_MILVUS__BACKEND=lite sightline up`: Milvus Lite instead of the standalone server
    """
    from infra.local import parts
    from infra.local.services import servers
    from infra.local.stack import LocalStack
    from sightline.cli.progress import StepDisplay
    from sightline.settings import load_settings

    settings = load_settings(config)
    wanted = None if only is None else {name.strip() for name in only.split(",")}
    stack = LocalStack(settings, servers(settings, metrics=metrics, only=wanted))
    try:
        with StepDisplay() as display:
            running = stack.up(display.report)
            lacking = parts.missing_models(running)
            if wanted is None and lacking is None:
                parts.bring_up(running, stack.state_dir, display.report)
    except KeyboardInterrupt:
        stderr.print("interrupted: `sightline down` stops what was started, `sightline up` goes on", highlight=False)
        raise typer.Exit(1) from None
    _say_what_runs(stack.settings, wanted)
    _say_what_next(stack.settings, lacking, wanted)


def _say_what_runs(settings: Settings, wanted: Collection[str] | None) -> None:
    from infra.local.status import ask_servers
    from sightline.cli.tables import services_table

    stdout.print(services_table(ask_servers(settings, only=wanted)))


def _say_what_next(settings: Settings, lacking: str | None, wanted: Collection[str] | None) -> None:
    if wanted is not None:
        stdout.print("Only these were asked for; `sightline up` starts the rest.")
    elif lacking is not None:
        stdout.print(f"The servers run; the stream does not yet: {lacking}", highlight=False)
        stdout.print("Then run `sightline up` again. `sightline down` stops everything.")
    else:
        stdout.print(f"The web page: {settings.serving.url}", highlight=False)
        stdout.print("Next: `sightline publish VIDEO --camera NAME`, `sightline status`, `sightline search PICTURE`.")
