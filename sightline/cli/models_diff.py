"""``sightline models diff``: two models side by side."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.cli.console import stderr, stdout

if TYPE_CHECKING:
    from sightline.models.repository import InstalledModel
    from sightline.rollout.neighbours import NeighbourAgreement
    from sightline.settings import Settings


def diff(
    first: Annotated[str, typer.Argument(help="As `sightline models list` names it.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    *,
    data: Annotated[
        Path | None, typer.Option(help="Labelled people in Market-1501 layout: rank-1 and mAP of both.", metavar="DATA")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")
    ] = None,
) -> None:
    """Compare two models: specs, what their cards say of how good they are, and with a running stack who is whose neighbour.

    Neighbours are compared between two embedders, for sightings that both spaces hold: after `sightline models promote`.

    Examples:

    - `sightline models diff reid_small reid_own`
    - `sightline models diff reid_small reid_own --data Market-1501-v15.09.15 --json`
    """
    from sightline.models.repository import ModelRepository
    from sightline.settings import load_settings

    settings = load_settings(config)
    repository = ModelRepository(settings.model_repositories)
    models = repository.find(first), repository.find(second)
    embedders = all(model.spec.kind == "embedder" for model in models)
    if data is not None and not embedders:
        raise typer.BadParameter("--data: only embedders are evaluated on labelled people")
    figures = None if data is None else [_labelled(model, data, settings) for model in models]
    agreement = _neighbours(settings, *models) if embedders and settings.milvus.uri else None
    if as_json:
        typer.echo(json.dumps(_document(models, figures, agreement), indent=2))
    else:
        _print(models, figures, agreement)


def _labelled(model: InstalledModel, data: Path, settings: Settings) -> dict[str, float]:
    from sightline.cli.models_compare import labelled_figures

    return labelled_figures(model, data, settings)


def _neighbours(settings: Settings, first: InstalledModel, second: InstalledModel) -> NeighbourAgreement | None:
    """None where a space was never filled: looking must not make a collection."""
    from sightline.adapters.milvus import count
    from sightline.cli.models_rollout import opened_gallery
    from sightline.rollout.neighbours import compare_neighbours

    spaces = [model.spec.embedding_space.name for model in (first, second)]
    if not all(count(settings.milvus, space) for space in spaces):
        stderr.print("Neighbours are not compared: both spaces must hold sightings, see `sightline models promote`.")
        return None
    with opened_gallery(settings, first.spec) as one, opened_gallery(settings, second.spec) as other:
        return compare_neighbours(one, other)


def _document(
    models: tuple[InstalledModel, InstalledModel],
    figures: list[dict[str, float]] | None,
    agreement: NeighbourAgreement | None,
) -> dict[str, Any]:
    from sightline.rollout.model_diff import card_figures, spec_lines

    return {
        "models": [model.spec.name for model in models],
        "differs": {line.what: [line.first, line.second] for line in spec_lines(*models) if line.differs},
        "card_figures": [card_figures(model) for model in models],
        "labelled": figures,
        "neighbours": None if agreement is None else asdict(agreement),
    }


def _print(
    models: tuple[InstalledModel, InstalledModel],
    figures: list[dict[str, float]] | None,
    agreement: NeighbourAgreement | None,
) -> None:
    from sightline.cli.models_compare import comparison_table, describe_agreement
    from sightline.rollout.model_diff import card_figures

    stdout.print(comparison_table(*models))
    for model in models:
        if said := card_figures(model):
            stdout.print(f"\n[bold]{model.spec.name}[/], by its card:", highlight=False)
            stdout.print(said, highlight=False, markup=False)
    for model, found in zip(models, figures or [], strict=False):
        told = ", ".join(f"{name} {100 * value:.1f} %" for name, value in found.items())
        stdout.print(f"[bold]{model.spec.name}[/] on the labelled people: {told}", highlight=False)
    for line in describe_agreement(agreement) if agreement else []:
        stdout.print(line, highlight=False, soft_wrap=True)
