"""The models that come with Sightline: what each must be before it is given to people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sightline.errors import ModelError
from sightline.models.card import CARD_FILE, missing_sections, read_card
from sightline.models.repository import BACKEND_SOURCE, InstalledModel, ModelRepository
from sightline.models.triton_config import CONFIG_FILE, Batching, render_config

MAX_BUNDLE_BYTES = 40_000_000
"""Of the weights of all shipped models together: a clone stays quick."""

NAMES = {"detector": "person_detector", "keypoints": "keypoints", "densepose": "densepose", "embedder": "reid_"}
"""Kind -> the name of its shipped model; an embedder's only begins so."""

_MAX_BATCH_SIZE = re.compile(r"^max_batch_size: (\d+)$", re.MULTILINE)


def bundle(folder: Path) -> list[InstalledModel]:
    """The models of a bundle, in order of name.

    Raises:
        ModelError: a folder of it is no model, or a spec is broken.
    """
    models = ModelRepository([folder]).models()
    strangers = {path.name for path in folder.iterdir() if path.is_dir()} - {model.folder.name for model in models}
    if strangers:
        raise ModelError(f"{folder}: no models, as they have no spec.json: {', '.join(sorted(strangers))}")
    return models


def weights_bytes(models: Sequence[InstalledModel]) -> int:
    """Size of all their weights together."""
    return sum(model.onnx.stat().st_size for model in models)


def shipping_faults(model: InstalledModel) -> list[str]:
    """Why a model cannot be shipped as it is, a sentence each; empty = it can. Its net is not run."""
    return [*_name_faults(model), *_file_faults(model), *_card_faults(model)]


def _name_faults(model: InstalledModel) -> list[str]:
    spec, wanted = model.spec, NAMES[model.spec.kind]
    fits = spec.name.startswith(wanted) if spec.kind == "embedder" else spec.name == wanted
    faults = [] if fits else [f"a model of kind {spec.kind} is named {wanted}{'NAME' * (spec.kind == 'embedder')}"]
    return faults + ([] if spec.name == model.folder.name else [f"it lies in a folder of another name, {model.folder.name}"])


def _file_faults(model: InstalledModel) -> list[str]:
    faults = []
    try:
        model.verify()
    except ModelError as error:
        faults.append(str(error))
    if not model.backend.is_file() or model.backend.read_bytes() != BACKEND_SOURCE.read_bytes():
        faults.append(f"{model.backend.name} is not a copy of {BACKEND_SOURCE.name}")
    config = model.folder / CONFIG_FILE
    written = config.read_text() if config.is_file() else ""
    size = _MAX_BATCH_SIZE.search(written)
    if size is None or written != render_config(model.spec, Batching(max_batch_size=int(size[1]))):
        faults.append(f"{CONFIG_FILE} is not what the spec asks for")
    return faults


def _card_faults(model: InstalledModel) -> list[str]:
    missing = missing_sections(read_card(model.folder))
    faults = [f"{CARD_FILE} does not say: {', '.join(missing)}"] if missing else []
    return faults + [f"spec.json does not say its {name}" for name in ("source", "terms") if not getattr(model.spec, name)]
