"""A model repository for a Triton that is not ours: in NVIDIA's container, with GPUs, with Triton's own backends."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from sightline.errors import ConfigurationError
from sightline.models.repository import BACKEND_FILE, BACKEND_SOURCE, MODEL_FILE, InstalledModel
from sightline.models.triton_config import CONFIG_FILE, Backend, Batching, Placement, render_config


def write_for(models: Sequence[InstalledModel], folder: Path, placement: Placement, batching: Batching | None = None) -> None:
    """Copy models into a new repository, whole or not at all, each with the configuration that its placement asks for.

    The repository is one for Sightline as well (``triton.model_repositories``): specs come along.

    Args:
        models: whose checksums hold.
        folder: new or empty.
        placement: of all of them.
        batching: of all of them.

    Raises:
        ConfigurationError: there is something in the folder, the backend cannot be placed so, or it cannot be written.
        ModelError: a model's weights are missing or were changed.
    """
    folder = folder.absolute()
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder} is not empty: name a new folder")
    configs = [render_config(model.spec, batching or Batching(), placement) for model in models]
    for model in models:
        model.verify()
    unfinished = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        for model, config in zip(models, configs, strict=True):
            _copy(model, config, unfinished, backend=placement.backend)
        unfinished.replace(folder)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise ConfigurationError(f"{folder} cannot be written: {error}") from error


def _copy(model: InstalledModel, config: str, folder: Path, *, backend: Backend) -> None:
    target = folder / model.spec.name
    version = target / str(model.spec.version)
    version.mkdir(parents=True)
    shutil.copyfile(model.onnx, version / MODEL_FILE)
    if backend == "python":
        shutil.copyfile(BACKEND_SOURCE, version / BACKEND_FILE)
    (target / CONFIG_FILE).write_text(config)
    model.spec.write(target)
