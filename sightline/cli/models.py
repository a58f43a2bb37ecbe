"""``sightline models``: bring models in, look at them, check them, take them out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from sightline.cli.console import stdout
from sightline.cli.models_add import add
from sightline.cli.models_bundle import bundle
from sightline.cli.models_diff import diff
from sightline.cli.models_export import export
from sightline.cli.models_promote import promote, rollback
from sightline.errors import ConfigurationError, ModelError

if TYPE_CHECKING:
    from rich.table import Table

    from sightline.models.checking import Check
    from sightline.models.repository import InstalledModel
    from sightline.settings import Settings
    from sightline.types import UInt8Array

app = typer.Typer(
    name="models",
    help="Bring models in as ONNX files or from training runs; list, check, compare, remove them; make one live, and go back.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
app.command()(add)
app.command()(export)
app.command()(bundle)
app.command()(promote)
app.command()(rollback)
app.command()(diff)


@app.command(name="list")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False) -> None:
    """List the models of all repositories: those that come with Sightline, and your own.

    Where two folders hold a model of one name, the later folder's counts: your own goes before one that comes with Sightline.

    Examples:

    - `sightline models list`
    - `sightline models list --json | jq '.models[].name'`
    """
    from sightline.models.live import live_names
    from sightline.models.repository import ModelRepository
    from sightline.settings import load_settings

    settings = load_settings()
    models = ModelRepository(settings.model_repositories).models()
    live = live_names(settings)
    if as_json:
        typer.echo(json.dumps({"models": [_as_json(model, live) for model in models]}, indent=2))
    elif models:
        stdout.print(_table(models, live))
    else:
        stdout.print("No models yet. Add one: [bold]sightline models add FILE.onnx[/] (see `sightline models add --help`).")


@app.command()
def remove(name: Annotated[str, typer.Argument(help="As `sightline models list` names it.")]) -> None:
    """Delete a model from its repository; the local Triton, if it runs, unloads it first.

    Example: `sightline models remove reid_osnet`
    """
    from sightline.cli.models_triton import unload_from_triton
    from sightline.models.live import LiveModels
    from sightline.models.repository import ModelRepository
    from sightline.settings import load_settings

    settings = load_settings()
    repository = ModelRepository(settings.model_repositories)
    repository.find(name)
    if name in LiveModels(settings.local.state_dir).names():
        raise ConfigurationError(f"{name} is live: make another one live first, with `sightline models promote`")
    asyncio.run(unload_from_triton(settings, name))
    removed = repository.remove(name)
    stdout.print(f"Removed [bold]{name}[/] from {removed.folder.parent}", highlight=False)


@app.command()
def check(
    name: Annotated[str | None, typer.Argument(help="One model. Unset: all.")] = None,
    images: Annotated[Path | None, typer.Option(help="Pictures to check on. Unset: drawn ones.")] = None,
) -> None:
    """Run models on pictures here and, if it runs, on Triton, and report every difference.

    Checks the weights' checksum, the tensors against the spec, a batch against single pictures, and Triton against ONNX
    Runtime in this process. Exit code 1 if a figure is out of bounds.

    Examples:

    - `sightline models check`
    - `sightline models check person_detector --images frames/`
    """
    from sightline.models.checking import Check
    from sightline.models.pictures import draw_pictures, read_pictures
    from sightline.models.repository import ModelRepository
    from sightline.settings import load_settings

    settings = load_settings()
    repository = ModelRepository(settings.model_repositories)
    models = [repository.find(name)] if name else repository.models()
    if not models:
        stdout.print("No models yet: nothing to check.")
        return
    pictures = read_pictures(images) if images else draw_pictures()
    checks = asyncio.run(_check(settings, models, pictures))
    for model, outcome in zip(models, checks, strict=True):
        _print_check(model, outcome)
    if not all(isinstance(outcome, Check) and outcome.passed for outcome in checks):
        raise typer.Exit(1)


async def _check(
    settings: Settings, models: Sequence[InstalledModel], pictures: Sequence[UInt8Array]
) -> list[Check | ModelError]:
    """Check all, one broken model or not; a model that Triton has not loaded is checked here alone."""
    from sightline.adapters.triton import TritonInference
    from sightline.cli.models_triton import ready_on_triton
    from sightline.models.checking import check_model

    ready = await ready_on_triton(settings, [model.spec.name for model in models])
    triton = TritonInference(settings.triton)
    if ready:
        await triton.open()
    checks: list[Check | ModelError] = []
    try:
        for model in models:
            try:
                checks.append(await check_model(model, pictures, triton=triton if model.spec.name in ready else None))
            except ModelError as error:
                checks.append(error)
    finally:
        await triton.close()
    return checks


def _print_check(model: InstalledModel, outcome: Check | ModelError) -> None:
    name = f"[bold]{model.spec.name}[/]"
    if isinstance(outcome, ModelError):
        stdout.print(f"{name} [bold red]broken[/]: {escape(str(outcome))}", highlight=False, soft_wrap=True)
        return
    where = "here and on Triton" if outcome.on_triton else "here (Triton has not loaded it)"
    verdict = "[green]passed[/]" if outcome.passed else "[bold red]differs[/]"
    said = f"{name} {verdict}: sha256 as in its spec, {outcome.pictures} pictures, {where}"
    stdout.print(said, highlight=False, soft_wrap=True)
    for difference in outcome.differences:
        stdout.print(f"  {difference.describe()}", highlight=False)


def _table(models: Sequence[InstalledModel], live: Container[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for column in ("Name", "Live", "Kind", "Version", "Input", "MiB"):
        table.add_column(column, no_wrap=True)
    table.add_column("From", overflow="fold")
    for model in models:
        spec = model.spec
        height, width = spec.inputs[0].shape[1:3]
        size = f"{_weights_bytes(model) / 2**20:.1f}"
        source = "Sightline" if _is_shipped(model) else spec.source.partition(",")[0]
        facts = (spec.name, "yes" if spec.name in live else "", spec.kind, str(spec.version), f"{height}x{width}", size)
        table.add_row(*facts, escape("; ".join(filter(None, (source, spec.terms)))))
    return table


def _as_json(model: InstalledModel, live: Container[str]) -> dict[str, Any]:
    """The spec, its folder and size, whether it came with Sightline and is live, and an embedder's space (null for others)."""
    spec = model.spec
    return {
        **spec.model_dump(mode="json"),
        "folder": str(model.folder),
        "shipped": _is_shipped(model),
        "live": spec.name in live,
        "weights_bytes": _weights_bytes(model),
        "embedding_space": spec.embedding_space.name if spec.kind == "embedder" else None,
    }


def _is_shipped(model: InstalledModel) -> bool:
    from sightline.settings.tree import PACKAGED_MODELS

    return model.folder.parent == PACKAGED_MODELS


def _weights_bytes(model: InstalledModel) -> int:
    """0 where the file is missing, which `sightline models check` tells."""
    return model.onnx.stat().st_size if model.onnx.is_file() else 0
