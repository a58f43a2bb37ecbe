"""The demo's models: brought in as `sightline models add` does, and chosen over those that are there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from sightline.cli.console import stderr, stdout
from sightline.cli.models_triton import load_on_triton
from sightline.errors import ConfigurationError, ModelError
from sightline.models.adding import add_model
from sightline.models.live import LiveModels
from sightline.models.repository import ModelRepository
from sightline.settings import Settings
from sightline.spec import ModelKind, ModelSpec

_STAGES = {"detector": "detector", "embedder": "embedder", "keypoints": "pose"}
"""Kind of model -> the section of ``pipeline`` that uses it."""


def add_models(settings: Settings, files: Sequence[Path]) -> list[ModelSpec]:
    """Wrap each file, compare it with the original, say what was found, and keep it.

    Raises:
        ModelError: a file is refused, with the figures.
    """
    repository = ModelRepository(settings.model_repositories)
    specs = []
    for file in files:
        with stderr.status(f"Wrapping {file.name} and comparing it with the original…"):
            added = add_model(repository, file, live=LiveModels(settings.local.state_dir).names())
        spec = added.model.spec
        verb = "added" if added.changed else "was there already"
        stdout.print(
            f"[bold]{spec.name}[/] version {spec.version} ({spec.kind}) {verb}: {file.name}, checked on", highlight=False
        )
        stdout.print(added.acceptance.describe(), highlight=False)
        if settings.triton.url:
            asyncio.run(load_on_triton(settings, spec.name))
        specs.append(spec)
    return specs


def lacking_models(settings: Settings) -> list[str]:
    """Why the stream cannot run on the models that there are, a sentence for each stage; empty = it can."""
    repository = ModelRepository(settings.model_repositories)
    lacking = []
    needed: tuple[ModelKind, ...] = ("detector", "embedder")
    for kind in needed:
        try:
            repository.resolve(kind, getattr(settings.pipeline, kind).model)
        except (ConfigurationError, ModelError) as error:
            lacking.append(str(error))
    return lacking


def with_models(settings: Settings, specs: Sequence[ModelSpec]) -> Settings:
    """The settings with these models in their stages; other stages as they were."""
    pipeline = settings.pipeline
    for spec in specs:
        stage = _STAGES.get(spec.kind)
        if stage is not None:
            chosen = getattr(pipeline, stage).model_copy(update={"model": spec.name})
            pipeline = pipeline.model_copy(update={stage: chosen})
    return settings.model_copy(update={"pipeline": pipeline})
