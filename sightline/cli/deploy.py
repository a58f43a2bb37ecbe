"""``sightline deploy``: the stream and the questions on a Ray cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.console import stdout

if TYPE_CHECKING:
    from infra.ray.deployment import ClusterStatus
    from sightline.settings import Settings


def deploy(
    *,
    address: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="ray://HEAD:10001, or HEAD:6379 from one of the hosts; unset = ray.address."),
    ] = None,
    show_status: Annotated[bool, typer.Option("--status", help="Only say what runs where.")] = False,
    drain: Annotated[
        bool, typer.Option("--drain", help="Stop reading frames; finish what is on its way; go on answering.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the stream and the questions off the cluster.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --status: one JSON document, and nothing else.")] = False,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")
    ] = None,
) -> None:
    """Run the stream and the questions on a Ray cluster, such as `ray up ray_cluster.yaml` makes.

    Deploying again changes only what differs: with other settings, models or code everything is made anew, one part after the
    other, and no frame is lost. The hosts have the code of the last `ray up`.

    Examples:

    * `sightline deploy --address ray://10.0.0.10:10001`
    * `sightline deploy --status --json | jq .ready`
    * `SIGHTLINE_STREAM__WORKERS=8 sightline deploy`: more camera streams
    * `sightline deploy --drain`: before the hosts are serviced
    """
    from infra.ray import deployment
    from sightline.cli.progress import StepDisplay
    from sightline.settings import load_settings

    if sum((show_status, drain, remove)) > 1:
        raise typer.BadParameter("choose one of --status, --drain and --remove")
    if as_json and not show_status:
        raise typer.BadParameter("--json goes with --status")
    settings = _with_address(load_settings(config), address)
    if show_status:
        answer = deployment.ask(settings)
        typer.echo(json.dumps(answer.document(), indent=2)) if as_json else _show(answer)
        raise typer.Exit(0 if answer.ready else 1)
    with StepDisplay() as display:
        if drain:
            deployment.drain(settings)
        elif remove:
            deployment.remove(settings, display.report)
        else:
            url = deployment.deploy(settings, display.report)
    if drain:
        stdout.print("No more frames are read; they wait in Kafka. `sightline deploy` goes on.")
    elif remove:
        stdout.print("Removed. `ray down` ends the cluster itself.")
    else:
        stdout.print(f"The web page: {url}", highlight=False)
        stdout.print("Next: `sightline deploy --status`, `sightline publish VIDEO --camera NAME`.")


def _with_address(settings: Settings, address: str | None) -> Settings:
    if address is None:
        return settings
    return settings.model_copy(update={"ray": settings.ray.model_copy(update={"address": address})})


def _show(answer: ClusterStatus) -> None:
    from sightline.cli.cluster_tables import actors_table, hosts_table, questions_line

    for part in (hosts_table(answer), "", actors_table(answer), "", questions_line(answer)):
        stdout.print(part, highlight=False)
