"""``sightline models``: bring models in, look at them, check them, take them out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.cli.console import stdout
from sightline.cli.models_add import add
from sightline.cli.models_export import export

if TYPE_CHECKING:
    from rich.table import Table

    from sightline.models.checking import Check
    from sightline.models.repository import InstalledModel
    from sightline.settings import Settings
    from sightline.types import UInt8Array

app = typer.Typer(
    name="models",
    help="Bring models in as ONNX files or from training runs, list, check and remove them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
app.command()(add)
app.command()(export)


@app.command(name="list")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False) -> None:
    """List the models of all repositories.

    Where two folders hold a model of one name, the later folder's counts.

    Examples:

    - `sightline models list`
    - `sightline models list --json | jq '.models[].name'`
    """
    from sightline.models.repository import ModelRepository
    from sightline.settings import load_settings

    repository = ModelRepository(load_settings().model_repositories)
    models = repository.models()
    if as_json:
        typer.echo(json.dumps({"models": [_as_json(model) for model in models]}, indent=2))
    elif models:
        stdout.print(_table(models))
    else:
        stdout.print("No models yet. Add one: [bold]sightline models add FILE.onnx[/] (see `sightline models add --help`).")


@app.command()
def remove(name: Annotated[str, typer.Argument(help="As `sightline models list` names it.")]) -> None:
    """Delete a model from its repository; the local Triton, if it runs, unloads it first.

    Example: `sightline models remove reid_osnet`
    """
    from sightline.cli.models_triton import unload_from_triton
    from sightline.models.repository import ModelRepository
    from sightline.settings import load_settings

    settings = load_settings()
    repository = ModelRepository(settings.model_repositories)
    repository.find(name)
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
    for outcome in checks:
        _print_check(outcome)
    if not all(outcome.passed for outcome in checks):
        raise typer.Exit(1)


async def _check(settings: Settings, models: Sequence[InstalledModel], pictures: Sequence[UInt8Array]) -> list[Check]:
    """Check all; a model that Triton has not loaded is checked here alone."""
    from sightline.adapters.triton import TritonInference
    from sightline.cli.models_triton import ready_on_triton
    from sightline.models.checking import check_model

    ready = await ready_on_triton(settings, [model.spec.name for model in models])
    triton = TritonInference(settings.triton)
    if ready:
        await triton.open()
    try:
        return [await check_model(m, pictures, triton=triton if m.spec.name in ready else None) for m in models]
    finally:
        await triton.close()


def _print_check(outcome: Check) -> None:
    where = "here and on Triton" if outcome.on_triton else "here (Triton has not loaded it)"
    verdict = "[green]passed[/]" if outcome.passed else "[bold red]differs[/]"
    stdout.print(f"[bold]{outcome.model.spec.name}[/] {verdict}: {outcome.pictures} pictures, {where}", highlight=False)
    for difference in outcome.differences:
        stdout.print(f"  {difference.describe()}", highlight=False)


def _table(models: Sequence[InstalledModel]) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for column in ("Name", "Kind", "Version", "Input", "Weights"):
        table.add_column(column, no_wrap=True)
    table.add_column("From", overflow="fold")
    for model in models:
        spec = model.spec
        height, width = spec.inputs[0].shape[1:3]
        source = spec.source.partition(",")[0]
        table.add_row(spec.name, spec.kind, str(spec.version), f"{height}x{width}", spec.sha256[:12], source)
    return table


def _as_json(model: InstalledModel) -> dict[str, Any]:
    """The spec, its folder, and the embedding space for embedders (null for others)."""
    spec = model.spec
    space = spec.embedding_space.name if spec.kind == "embedder" else None
    return {**spec.model_dump(mode="json"), "folder": str(model.folder), "embedding_space": space}
