"""Systems from the files of a training run, for evaluation and export."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

from sightline.errors import ConfigurationError
from training.checkpoints import read_snapshot
from training.embedding_recipe import EmbeddingRecipe
from training.nets.system import EmbeddingSystem, System
from training.recipe import DataFacts, Recipe
from training.recipes.by_name import recipe_of
from training.run_folder import RunFolder
from training.snapshot import Snapshot

_PRETRAINED = ("checkpoint", "vgg_checkpoint")
"""The values of a recipe's nets that name a public file to start from."""


S = TypeVar("S", bound=System)
R = TypeVar("R", bound=Recipe)


@dataclass(frozen=True, slots=True)
class Trained(Generic[S, R]):
    """A system with the weights that a run gave it.

    Attributes:
        system: in evaluation mode, on the CPU; its weights are the averaged ones where the recipe averages.
        recipe: that it was trained by, without the public files that its nets started from: nothing needs them any more.
        facts: of the training set.
        data: the fingerprint of the training set.
        step: of the run.
        figures: of the last evaluation before.
        provenance: versions and git commit.
        sha256: of the file; empty where it was made of a snapshot.
    """

    system: S
    recipe: R
    facts: DataFacts
    data: str
    step: int
    figures: Mapping[str, float]
    provenance: Mapping[str, str]
    sha256: str = ""


AnyTrained = Trained[System, Recipe]
TrainedSystem = Trained[EmbeddingSystem, EmbeddingRecipe]
"""One that describes people."""


def read_trained(path: Path) -> TrainedSystem:
    """The re-identification system of a ``weights.pt``, of a checkpoint's file, or of the folder of a run that is complete.

    Raises:
        ConfigurationError: there is no such file, its recipe is not of this version, or makes no embedder.
        InputError: it is no checkpoint.
    """
    return describing(read_any_trained(path))


def describing(trained: AnyTrained) -> TrainedSystem:
    """The same, known as an embedder.

    Raises:
        ConfigurationError: it is none.
    """
    if not isinstance(trained.system, EmbeddingSystem) or not isinstance(trained.recipe, EmbeddingRecipe):
        raise ConfigurationError(f"the weights are of recipe {trained.recipe.name!r}, which makes no embedder")
    return Trained(trained.system, trained.recipe, *(getattr(trained, each.name) for each in fields(trained)[2:]))


def read_any_trained(path: Path) -> AnyTrained:
    """As :func:`read_trained`, of any recipe.

    Raises:
        ConfigurationError: there is no such file, or its recipe is not of this version.
        InputError: it is no checkpoint.
    """
    file = _weights_in(path) if path.is_dir() else path
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
    snapshot = read_snapshot(data, file.name)
    return trained_of(snapshot, recipe_of(snapshot.identity.recipe), sha256=hashlib.sha256(data).hexdigest())


def trained_of(snapshot: Snapshot, recipe: Recipe, *, sha256: str = "") -> AnyTrained:
    """The system of a snapshot that was made by this recipe.

    Raises:
        ConfigurationError: it was not.
    """
    recipe = recipe.model_validate(_from_scratch(recipe.model_dump()))
    system = recipe.build(snapshot.identity.facts)
    try:
        system.load_state_dict(dict(snapshot.average or snapshot.system))
    except RuntimeError as error:
        raise ConfigurationError(f"these weights are of another system than recipe {recipe.name!r} builds: {error}") from error
    identity = snapshot.identity
    step, figures, provenance = snapshot.position.step, snapshot.figures, snapshot.provenance
    return Trained(system.eval(), recipe, identity.facts, identity.data, step, figures, provenance, sha256)


def _weights_in(folder: Path) -> Path:
    """The weights at the end of a run; the checkpoints of one that goes on may change at any time, so one must be named."""
    run = RunFolder(folder)
    if run.weights.is_file():
        return run.weights
    checkpoints = sorted(folder.glob("checkpoints/*.pt"))
    hint = f": it is not complete; name a checkpoint, such as {checkpoints[-1]}" if checkpoints else ""
    raise ConfigurationError(f"there is no {run.weights.name} in {folder}{hint}")


def _from_scratch(value: Any) -> Any:
    """The values of a recipe, with no public file to start from."""
    if isinstance(value, Mapping):
        return {name: None if name in _PRETRAINED else _from_scratch(inner) for name, inner in value.items()}
    return [_from_scratch(inner) for inner in value] if isinstance(value, list | tuple) else value
