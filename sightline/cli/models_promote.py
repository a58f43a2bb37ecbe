"""``sightline models promote`` and ``rollback``: another model becomes the live one, while everything runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.console import stdout
from sightline.errors import ConfigurationError, ModelError, NotFoundError

if TYPE_CHECKING:
    from sightline.models.repository import InstalledModel, ModelRepository
    from sightline.rollout.neighbours import NeighbourAgreement
    from sightline.settings import Settings
    from sightline.spec import ModelKind, ModelSpec

Config = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")]


class Kind(StrEnum):
    """What a model does."""

    EMBEDDER = "embedder"
    DETECTOR = "detector"
    KEYPOINTS = "keypoints"
    DENSEPOSE = "densepose"


@dataclass(frozen=True, slots=True)
class Gate:
    """When a new embedder is refused.

    Attributes:
        data: labelled people; None = none are at hand.
        max_drop: of the mAP on them, against the model before, in [0, 1].
    """

    data: Path | None = None
    max_drop: float = 0.01


def promote(
    name: Annotated[str, typer.Argument(help="As `sightline models list` names it.")],
    *,
    data: Annotated[
        Path | None,
        typer.Option(help="Labelled people in Market-1501 layout: the mAP of both models, and a condition.", metavar="DATA"),
    ] = None,
    max_drop: Annotated[float, typer.Option(min=0, max=100, help="Points of mAP on --data that the new one may lose.")] = 1.0,
    config: Config = None,
) -> None:
    """Make a model the live one, while stream and questions go on.

    An embedder first embeds the stored crops of all sightings again, under the same ids, into a collection of its own; what
    comes meanwhile too. Then both are compared, and stream and questions go over to the new one. Killed before that, the former
    model stays live; run it again, and it goes on where it was. The former collection stays, for `sightline models rollback`.

    A detector, a model of key points or of dense coordinates is checked and takes over for new frames: what was seen stays as
    it was seen.

    Examples:

    - `sightline models promote reid_own`
    - `sightline models promote reid_own --data Market-1501-v15.09.15`: not if its mAP is worse
    - `sightline models promote person_detector_v2`
    """
    from sightline.models.repository import ModelRepository
    from sightline.settings import load_settings

    settings = load_settings(config)
    repository = ModelRepository(settings.model_repositories)
    model = repository.find(name)
    _make_live(settings, repository, model, Gate(data, max_drop / 100), config)


def rollback(
    kind: Annotated[Kind, typer.Argument(help="Of the model to go back with.")] = Kind.EMBEDDER, *, config: Config = None
) -> None:
    """Go back to the model that was live before; doing it again goes forward again.

    An embedder's collection is still there: only what was seen since is embedded again. Stream and questions go on meanwhile.

    Examples:

    - `sightline models rollback`
    - `sightline models rollback detector`
    """
    from sightline.models.live import LiveModels
    from sightline.models.repository import ModelRepository
    from sightline.settings import load_settings

    settings = load_settings(config)
    live = LiveModels(settings.local.state_dir).of(kind.value)
    if live is None or live.former is None:
        raise ConfigurationError(f"there is no {kind.value} to go back to: none was promoted over it")
    repository = ModelRepository(settings.model_repositories)
    model = repository.find(live.former)
    if model.spec.sha256 != live.former_sha256:
        raise ModelError(f"{live.former} has other weights now than when it was live: `sightline models promote {live.former}`")
    _make_live(settings, repository, model, Gate(), config)


def _make_live(settings: Settings, repository: ModelRepository, model: InstalledModel, gate: Gate, config: Path | None) -> None:
    from sightline.cli.models_rollout import deploy
    from sightline.models.live import LiveModels

    kind = model.spec.kind
    _require_free_choice(kind, model.spec.name, config)
    _require_sound(settings, model)
    before = _live_model(settings, repository, kind)
    if kind == "embedder" and settings.kafka.bootstrap_servers:
        _promote_embedder(settings, model, before, gate, config)
    elif kind == "embedder" and LiveModels(settings.local.state_dir).of(kind) is not None:
        raise ConfigurationError(
            "what was seen must be embedded again, and nothing runs: start the local stack with `sightline up`"
        )
    else:
        LiveModels(settings.local.state_dir).promote(model.spec, before=before.spec if before else None)
        deploy(config)
        if kind != "embedder":
            stdout.print("It works on new frames only: what was seen stays as it was seen.")
    stdout.print(f"[bold]{model.spec.name}[/] version {model.spec.version} is live.", highlight=False)


def _require_free_choice(kind: ModelKind, name: str, config: Path | None) -> None:
    """A model that a person has set in file or environment would win over the one that is promoted."""
    from sightline.models.live import STAGE_OF
    from sightline.settings import written_settings

    written = getattr(written_settings(config).pipeline, STAGE_OF[kind]).model
    if written not in (None, name):
        raise ConfigurationError(f"pipeline.{STAGE_OF[kind]}.model is set to {written!r}: change it there, or leave it out")


def _require_sound(settings: Settings, model: InstalledModel) -> None:
    """It must be what its spec says, here and on Triton, which loads it."""
    from sightline.adapters.triton import TritonInference
    from sightline.cli.models_triton import load_on_triton, ready_on_triton
    from sightline.models.checking import Check, check_model
    from sightline.models.pictures import draw_pictures

    async def check() -> Check:
        name = model.spec.name
        if not await ready_on_triton(settings, [name]):
            await load_on_triton(settings, name)
        ready = await ready_on_triton(settings, [name])
        triton = TritonInference(settings.triton)
        if ready:
            await triton.open()
        try:
            return await check_model(model, draw_pictures(), triton=triton if ready else None)
        finally:
            await triton.close()

    outcome = asyncio.run(check())
    for difference in outcome.differences:
        stdout.print(difference.describe(), highlight=False, soft_wrap=True)
    if not outcome.passed:
        raise ModelError(f"{model.spec.name} is refused: it does not do what its spec says")


def _live_model(settings: Settings, repository: ModelRepository, kind: ModelKind) -> InstalledModel | None:
    """What is live now; None where nothing is, or it cannot be found any more."""
    from sightline.models.live import STAGE_OF

    try:
        return repository.optional(kind, getattr(settings.pipeline, STAGE_OF[kind]).model)
    except (ConfigurationError, NotFoundError):
        return None


def _promote_embedder(
    settings: Settings, model: InstalledModel, before: InstalledModel | None, gate: Gate, config: Path | None
) -> None:
    from sightline.adapters.kafka.replay import TopicReplay
    from sightline.adapters.milvus import make_live
    from sightline.cli.models_compare import describe_agreement
    from sightline.cli.models_rollout import CatchingUp, deploy, describe, opened_gallery, opened_reembedding
    from sightline.models.live import LiveModels
    from sightline.rollout.neighbours import compare_neighbours
    from sightline.rollout.promoting import Steps
    from sightline.rollout.promoting import promote as promote_by

    recording = TopicReplay(settings.kafka, settings.kafka.topic("sightings"))
    recording.open()
    with opened_gallery(settings, model.spec) as gallery, opened_reembedding(settings, model) as reembed:

        def compare() -> NeighbourAgreement | None:
            if before is None or before.spec.embedding_space == model.spec.embedding_space:
                return None
            with opened_gallery(settings, before.spec) as former:
                return compare_neighbours(former, gallery)

        def accept(agreement: NeighbourAgreement | None) -> None:
            for line in describe_agreement(agreement) if agreement else []:
                stdout.print(line, highlight=False, soft_wrap=True)
            if gate.data is not None and before is not None:
                _require_no_drop(settings, before, model, gate.data, gate.max_drop)

        def remember() -> None:
            LiveModels(settings.local.state_dir).promote(model.spec, before=_spec(before))
            make_live(settings.milvus, model.spec.embedding_space.name)

        done = promote_by(
            recording,
            Steps(
                catch_up=CatchingUp(gallery, reembed),
                compare=compare,
                accept=accept,
                remember=remember,
                deploy=lambda: deploy(config),
            ),
        )
    for line in describe(done):
        stdout.print(line, highlight=False)


def _spec(model: InstalledModel | None) -> ModelSpec | None:
    return None if model is None else model.spec


def _require_no_drop(settings: Settings, before: InstalledModel, model: InstalledModel, data: Path, max_drop: float) -> None:
    from sightline.cli.models_compare import labelled_figures

    was, now = (labelled_figures(one, data, settings)["mAP"] for one in (before, model))
    told = f"mAP on {data.name}: {100 * was:.1f} % before, {100 * now:.1f} % now"
    stdout.print(told, highlight=False, soft_wrap=True)
    if now < was - max_drop:
        raise ModelError(f"{model.spec.name} is refused: {told}, and it may lose {100 * max_drop:g} points (--max-drop)")
