"""A model repository for a Triton that is not ours: in NVIDIA's container, with GPUs, with Triton's own backends."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from sightline.errors import ConfigurationError
from sightline.models.repository import BACKEND_FILE, BACKEND_SOURCE, MODEL_FILE, InstalledModel
from sightline.models.triton_config import CONFIG_FILE, Batching, Placement, render_config


def write_for(models: Sequence[InstalledModel], folder: Path, placement: Placement, batching: Batching | None = None) -> None:
    """Copy models into a new repository, each with the configuration that its placement asks for.

    The repository is one for Sightline as well (``triton.model_repositories``): specs come along.

    Args:
        models: whose checksums hold.
        folder: new or empty.
        placement: of all of them.
        batching: of all of them.

    Raises:
        ConfigurationError: there is something in the folder, or the backend cannot be placed so.
        ModelError: a model's weights are missing or were changed.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder} is not empty: name a new folder")
    configs = [render_config(model.spec, batching or Batching(), placement) for model in models]
    for model in models:
        model.verify()
    for model, config in zip(models, configs, strict=True):
        target = folder / model.spec.name
        version = target / str(model.spec.version)
        version.mkdir(parents=True)
        shutil.copyfile(model.onnx, version / MODEL_FILE)
        if placement.backend == "python":
            shutil.copyfile(BACKEND_SOURCE, version / BACKEND_FILE)
        (target / CONFIG_FILE).write_text(config)
        model.spec.write(target)
