"""Which model each stage uses, from the settings and what the repositories hold."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.models.repository import InstalledModel, ModelRepository
from sightline.settings import Settings


@dataclass(frozen=True, slots=True)
class SelectedModels:
    """A model for each stage that is on; None = the stage is off."""

    detector: InstalledModel
    embedder: InstalledModel
    pose: InstalledModel | None = None
    dense: InstalledModel | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Of all that are used: what Triton must have loaded, and what shares the cores."""
        chosen = (self.detector, self.pose, self.dense, self.embedder)
        return tuple(model.spec.name for model in chosen if model is not None)


def select_models(settings: Settings) -> SelectedModels:
    """The models of ``settings.pipeline``, found in ``settings.model_repositories``.

    Detector and embedder are needed; key points and dense coordinates are off where the settings say so, or where no model
    is named and the repositories hold none.

    Raises:
        ConfigurationError: a needed model is missing or cannot be chosen; the message names the next step.
        ModelError: a spec is broken.
    """
    repository = ModelRepository(settings.model_repositories)
    pipeline = settings.pipeline
    return SelectedModels(
        detector=repository.resolve("detector", pipeline.detector.model),
        embedder=repository.resolve("embedder", pipeline.embedder.model),
        pose=repository.optional("keypoints", pipeline.pose.model) if pipeline.pose.enabled else None,
        dense=repository.optional("densepose", pipeline.dense.model) if pipeline.dense.enabled else None,
    )
