"""`sightline train`: a recipe on a data set, in this process or on Ray."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.console import stderr, stdout
from sightline.cli.interruption import until_interrupted
from sightline.cli.training_extra import training_installed

if TYPE_CHECKING:
    from sightline.cli.train_display import TrainDisplay
    from sightline.cli.train_plan import Plan
    from training.data.finding import Report
    from training.reports import Listener

_FOLLOW_S = 0.5

WHAT, WHERE, RHYTHM = "What is trained", "Where and on what", "How often, and going on"


def train(
    *,
    recipe: Annotated[str | None, typer.Option(help="Which; --list shows all.", metavar="NAME", rich_help_panel=WHAT)] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder or archive of a data set; its layout is found out. Repeatable: further ones are learnt from too.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Another value of the recipe, or of how data are read (data.…); repeatable.",
            metavar="NAME=VALUE",
            rich_help_panel=WHAT,
        ),
    ] = None,
    start_from: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            help="Begin with these weights (a run, weights.pt, a checkpoint) wherever they fit: your own cameras in less time.",
            metavar="RUN",
            rich_help_panel=WHAT,
        ),
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="Show the recipes, and end.", rich_help_panel=WHAT)] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the run. Unset: runs/ and the recipe's name.", metavar="RUN_FOLDER", rich_help_panel=WHERE
        ),
    ] = None,
    checkpoints: Annotated[
        str | None,
        typer.Option(help="Where checkpoints are kept instead, such as s3://bucket/run.", metavar="URL", rich_help_panel=WHERE),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes of Ray Train that share each batch. Unset: 0, in this one.", rich_help_panel=WHERE),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="cpu, cuda or cuda:1. Unset: a GPU if there is one.", metavar="DEVICE", rich_help_panel=WHERE),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads of a worker. Unset: the cores, shared.", rich_help_panel=WHERE)
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --output, as it was told then.", rich_help_panel=RHYTHM)
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="--resume with other values or data all the same.", rich_help_panel=RHYTHM)
    ] = False,
    evaluate_every: Annotated[
        int | None, typer.Option(min=1, help="Epochs between validations. Unset: 10.", rich_help_panel=RHYTHM)
    ] = None,
    checkpoint_every: Annotated[
        int | None, typer.Option(min=1, help="Epochs between checkpoints. Unset: 1.", rich_help_panel=RHYTHM)
    ] = None,
    checkpoint_steps: Annotated[
        int | None, typer.Option(min=1, help="Steps between further checkpoints, for long epochs.", rich_help_panel=RHYTHM)
    ] = None,
) -> None:
    """Train a net, and say how well it does while it learns.

    Losses, validation, TensorBoard events, the log, checkpoints and the final weights go to the run's folder. Ctrl-C keeps a
    checkpoint and stops. However a run ended, `--resume` goes on with the losses that it would have had.

    Examples:

    - `sightline train --list`: the recipes: the papers', and small ones for a CPU
    - `sightline train --recipe baseline_cpu --data Market-1501-v15.09.15`
    - `sightline train --recipe djl_hfa --data market.tar --set phases.0.epochs=60 --set 'phases.*.sampling.batch_size=64'`
    - `sightline train --recipe dsa --data crops/ --set seed=1 --set data.resolution=0.5 --output runs/dsa-half`
    - `sightline train --recipe embedder --data crops/ --start-from runs/embedder --set phases.0.optimiser.lr=3e-4`
    - `sightline train --resume --output runs/dsa-half`: after Ctrl-C, a crash or a power cut
    - `sightline train --recipe deep_person --data crops/ --workers 4 --device cuda --checkpoints s3://models/deep_person`
    """
    with training_installed("training"):
        if show_list:
            _print_recipes()
            return
        from sightline.cli.train_display import TrainDisplay
        from sightline.cli.train_metrics import served_figures
        from sightline.cli.train_plan import Asked, planned
        from sightline.settings import load_settings

        asked = Asked(
            recipe=recipe,
            data=tuple(data or ()),
            assignments=tuple(assignments or ()),
            start_from=start_from,
            output=output,
            checkpoints=checkpoints,
            workers=workers,
            device=device,
            threads=threads,
            resume=resume,
            force=force,
            rhythm={
                "evaluate_epochs": evaluate_every,
                "checkpoint_epochs": checkpoint_every,
                "checkpoint_steps": checkpoint_steps,
            },
        )
        settings = load_settings()
        plan = planned(asked, cores=settings.cores.total)
        stderr.print(f"run folder {plan.job.folder.path}", highlight=False, soft_wrap=True)
        with served_figures(settings, plan.job.folder.path.name) as figures, TrainDisplay(plan.job.recipe) as display:
            listeners = [display, *figures]
            complete = _run_on_ray(plan, listeners) if plan.workers else _run_here(plan, listeners, report=display.reading)
    _print_end(plan, display, complete=complete)


def _run_here(plan: Plan, listeners: Sequence[Listener], *, report: Report) -> bool:
    from training.job import run_job
    from training.world import World

    with until_interrupted() as interrupted:
        return run_job(plan.job, World.alone(plan.device), listeners=listeners, report=report, stop=interrupted.is_set)


def _run_on_ray(plan: Plan, listeners: Sequence[Listener]) -> bool:
    from sightline.settings import load_settings
    from training.metrics_follower import MetricsFollower
    from training.ray_launch import Workers, launch
    from training.reports import Listeners

    follower, done = MetricsFollower(plan.job.folder.metrics, Listeners(listeners)), threading.Event()

    def follow() -> None:
        while not done.wait(_FOLLOW_S):
            follower.poll()

    thread = threading.Thread(target=follow, name="follow", daemon=True)
    thread.start()
    try:
        launch(plan.job, Workers(plan.workers, gpu=plan.device.startswith("cuda")), load_settings())
    finally:
        done.set()
        thread.join()
        follower.poll()
    return True


def _print_end(plan: Plan, display: TrainDisplay, *, complete: bool) -> None:
    folder = plan.job.folder.path
    if not complete:
        go_on = f"sightline train --resume --output {folder}"
        stderr.print(f"stopped, and kept; it goes on with: {go_on}", highlight=False, soft_wrap=True)
        raise typer.Exit(1)
    if display.last is not None and display.best is not None:
        from training.reports import LABELS

        names = " / ".join(LABELS.get(name, name) for name in display.best.figures)
        last, best = (
            " / ".join(f"{100 * value:.1f}" for value in each.figures.values()) for each in (display.last, display.best)
        )
        stdout.print(f"{names}, %: {last} at the end, {best} at best (epoch {display.best.epoch})", highlight=False)
    stdout.print(f"weights {plan.job.folder.weights}", highlight=False, soft_wrap=True)


def _print_recipes() -> None:
    from rich.table import Table

    from training.recipes import RECIPES

    table = Table("recipe", "input", "phases (epochs)", "batch", "losses")
    for name, recipe in RECIPES.items():
        height, width = recipe.size_hw
        phases = "\n".join(f"{phase.name} ({phase.epochs})" for phase in recipe.phases)
        batches = "\n".join(str(phase.sampling.batch_size) for phase in recipe.phases)
        losses = "\n".join(", ".join(phase.weights) for phase in recipe.phases)
        table.add_row(name, f"{height}x{width}", phases, batches, losses)
    stdout.print(table)
