"""Which model of each kind is live, and which was before: the state folder's memory of promotions.

The file is a layer of settings beneath the YAML file and the environment, so whoever loads the settings, the stream and the
questions alike, has the live models. It is written whole or not at all: writing it is the moment at which a promotion holds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sightline.errors import ConfigurationError
from sightline.models.repository import ModelRepository
from sightline.settings import LIVE_MODELS_FILE, Settings
from sightline.spec import ModelKind, ModelSpec

STAGE_OF: Mapping[ModelKind, str] = {
    "detector": "detector",
    "keypoints": "pose",
    "densepose": "dense",
    "embedder": "embedder",
}
"""Kind -> the section of ``settings.pipeline`` that uses it."""


def live_names(settings: Settings) -> frozenset[str]:
    """Names of the models that the stream uses, or would: stage by stage, without those that cannot be chosen."""
    repository = ModelRepository(settings.model_repositories)
    names = set()
    for kind, stage in STAGE_OF.items():
        options = getattr(settings.pipeline, stage)
        try:
            model = repository.optional(kind, options.model) if options.enabled else None
        except ConfigurationError:
            continue
        names |= {model.spec.name} if model is not None else set()
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A stage's model.

    Attributes:
        model: its name.
        sha256: of its weights.
        former: the name of the one before, to which a rollback goes back; None = there was none.
        former_sha256: of that one's weights.
    """

    model: str
    sha256: str
    former: str | None = None
    former_sha256: str | None = None


class LiveModels:
    """Of one state folder, which need not exist yet."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir.expanduser() / LIVE_MODELS_FILE

    def of(self, kind: ModelKind) -> LiveModel | None:
        """The live model of a kind; None = nobody said, and the only one that fits is.

        Raises:
            ConfigurationError: the file was changed by somebody else.
        """
        return self._read().get(STAGE_OF[kind])

    def names(self) -> frozenset[str]:
        """Of all live models that are remembered."""
        return frozenset(live.model for live in self._read().values())

    def note(self, spec: ModelSpec) -> None:
        """Remember what is live by itself, where nothing is remembered: a model that is added later does not take its place."""
        if self.of(spec.kind) is None:
            self._write(spec.kind, LiveModel(spec.name, spec.sha256))

    def promote(self, spec: ModelSpec, *, before: ModelSpec | None) -> None:
        """Make a model live; ``before`` is what a rollback will go back to. Doing it again changes nothing.

        A model that takes its own place, under the same name with other weights, has nothing to go back to: the weights that
        were before are gone.
        """
        live = self.of(spec.kind)
        if live is not None and (live.model, live.sha256) == (spec.name, spec.sha256):
            return
        now = LiveModel(spec.name, spec.sha256)
        if before is not None and before.name != spec.name:
            now = replace(now, former=before.name, former_sha256=before.sha256)
        self._write(spec.kind, now)

    def _read(self) -> dict[str, LiveModel]:
        if not self._path.is_file():
            return {}
        try:
            return {stage: LiveModel(**values) for stage, values in json.loads(self._path.read_text()).items()}
        except (ValueError, TypeError, AttributeError, OSError) as error:
            raise ConfigurationError(f"{self._path} cannot be read: {error}; remove it to begin anew") from error

    def _write(self, kind: ModelKind, live: LiveModel) -> None:
        stages = {**self._read(), STAGE_OF[kind]: live}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with partial.open("w") as file:
            json.dump({stage: asdict(each) for stage, each in stages.items()}, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)
