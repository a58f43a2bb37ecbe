"""The command `sightline`: each command in a file of its own, registered here."""

from __future__ import annotations

import logging
import sys

import typer
from rich.markup import escape

from sightline.cli import models, publish
from sightline.cli.console import stderr
from sightline.cli.demo import demo
from sightline.cli.deploy import deploy
from sightline.cli.down import down
from sightline.cli.evaluate import evaluate
from sightline.cli.export import export_crops
from sightline.cli.find_joints import find_joints
from sightline.cli.rebuild import rebuild
from sightline.cli.search import search
from sightline.cli.status import status
from sightline.cli.synthesize import synthesize
from sightline.cli.train import train
from sightline.cli.up import up
from sightline.errors import SightlineError

app = typer.Typer(
    name="sightline",
    help="Find the same person across cameras, on live streams.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)

app.command()(up)
app.command()(down)
app.command()(status)
app.command()(deploy)
app.add_typer(models.app)
app.command()(search)
app.command()(publish.publish)
app.command()(rebuild)
app.command()(export_crops)
app.command()(find_joints)
app.command()(synthesize)
app.command()(train)
app.command()(evaluate)
app.command()(demo)


def main() -> None:
    """Run the command line. Exit codes: 0 well, 1 a fault that is named, 2 wrong usage."""
    # kafka-python logs each failed attempt, some with tracebacks; what came of them is an error of ours, said once.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        app()
    except SightlineError as error:
        stderr.print(f"[bold red]error:[/] {escape(str(error))}", highlight=False)
        sys.exit(1)
