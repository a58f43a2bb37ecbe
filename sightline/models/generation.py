"""A generation: all that runs with the same settings, models and code."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import sightline
from sightline.models.selection import select_models
from sightline.settings import Settings

_PACKAGES = ("sightline", "actors", "serving")


def generation_of(settings: Settings) -> str:
    """Sixteen hex digits that change when what runs would have to be made anew: by a setting, a model or the code.

    How many workers and replicas there are, from where they are deployed and who watches them does not count.

    Raises:
        ConfigurationError, ModelError: models are missing or broken.
    """
    alone = {
        "stream": settings.stream.model_copy(update={"workers": 1}),
        "writer": settings.writer.model_copy(update={"workers": 1}),
        "serving": settings.serving.model_copy(update={"replicas": 1, "url": None}),
        "metrics": settings.metrics.model_copy(update={"prometheus_url": None, "grafana_url": None, "docs_url": None}),
        "ray": settings.ray.model_copy(update={"address": None}),
    }
    models = select_models(settings)
    used = (models.detector, models.embedder, models.pose, models.dense)
    specs = [model.spec.model_dump_json() for model in used if model]
    whole = "\n".join([code_version(), settings.model_copy(update=alone).model_dump_json(), *specs])
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


@cache
def code_version() -> str:
    """The version, and a digest of the sources as they are on this machine: ``0.1.0+3f2a9c41``."""
    root = Path(__file__).resolve().parent.parent.parent
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    return f"{sightline.__version__}+{digest.hexdigest()[:8]}"
