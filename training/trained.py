"""Systems from the files of a training run, for evaluation and export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sightline.errors import ConfigurationError
from training.checkpoints import read_snapshot
from training.nets.system import System
from training.recipe import DataFacts, Recipe
from training.recipes.by_name import recipe_of
from training.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Trained:
    """A system with the weights that a run gave it.

    Attributes:
        system: in evaluation mode, on the CPU; its weights are the averaged ones where the recipe averages.
        recipe: that it was trained by.
        facts: of the training set.
        data: the fingerprint of the training set.
        step: of the run.
        figures: of the last evaluation before.
        provenance: versions and git commit.
    """

    system: System
    recipe: Recipe
    facts: DataFacts
    data: str
    step: int
    figures: Mapping[str, float]
    provenance: Mapping[str, str]


def read_trained(path: Path) -> Trained:
    """The system of a ``weights.pt`` or of a checkpoint's file.

    Raises:
        ConfigurationError: there is no such file, or its recipe is not of this version.
        InputError: it is no checkpoint.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    snapshot = read_snapshot(data, path.name)
    return trained_of(snapshot, recipe_of(snapshot.identity.recipe))


def trained_of(snapshot: Snapshot, recipe: Recipe) -> Trained:
    """The system of a snapshot that was made by this recipe.

    Raises:
        ConfigurationError: it was not.
    """
    system = recipe.build(snapshot.identity.facts)
    try:
        system.load_state_dict(dict(snapshot.average or snapshot.system))
    except RuntimeError as error:
        raise ConfigurationError(f"these weights are of another system than recipe {recipe.name!r} builds: {error}") from error
    identity = snapshot.identity
    step, figures, provenance = snapshot.position.step, snapshot.figures, snapshot.provenance
    return Trained(system.eval(), recipe, identity.facts, identity.data, step, figures, provenance)
