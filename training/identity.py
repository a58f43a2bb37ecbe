"""Which run a checkpoint is of, and by what it was made."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from training.feed import TrainingData
from training.recipe import DataFacts, Recipe

_MISSING = "(not there)"


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """What decides a run's losses: runs of one identity are the same run.

    Attributes:
        recipe: all its values, nested, as JSON has them.
        facts: of the training set, all that a system is built by.
        data: the fingerprint of the training set.
        workers: how many processes share each batch.
    """

    recipe: Mapping[str, Any]
    facts: DataFacts
    data: str
    workers: int

    @classmethod
    def of(cls, recipe: Recipe, data: TrainingData, *, workers: int) -> RunIdentity:
        """The identity of a run."""
        return cls(recipe.model_dump(mode="json"), data.facts, data.fingerprint, workers)

    def to_mapping(self) -> dict[str, Any]:
        """Nested plain values."""
        return {"recipe": dict(self.recipe), "facts": asdict(self.facts), "data": self.data, "workers": self.workers}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> RunIdentity:
        """From what :meth:`to_mapping` gave. Raises KeyError or TypeError where something is missing."""
        return cls(values["recipe"], DataFacts(**values["facts"]), values["data"], values["workers"])

    def differences(self, other: RunIdentity) -> list[str]:
        """``phases.0.epochs: 10, now 20`` for each value in which the other one differs."""
        ours, theirs = dict(_leaves(self.to_mapping())), dict(_leaves(other.to_mapping()))
        names = [name for name in {**ours, **theirs} if ours.get(name, _MISSING) != theirs.get(name, _MISSING)]
        return [f"{name}: {ours.get(name, _MISSING)}, now {theirs.get(name, _MISSING)}" for name in names]


def provenance() -> dict[str, str]:
    """The versions of what computes, and the git commit of a checkout (``-dirty`` with changes that are not committed)."""
    packages = {name: version(name) for name in ("sightline", "numpy")}
    return {"git_commit": _git_commit(), "python": platform.python_version(), "torch": str(torch.__version__), **packages}


def _git_commit() -> str:
    command = ("git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    try:
        asked = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return "unknown"  # an installed package, or a machine without git
    return asked.stdout.strip()


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of a nested mapping or list by its dotted name; the recipe's names stand as ``--set`` takes them."""
    if isinstance(value, Mapping):
        pairs: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    else:
        yield name, value
        return
    for key, inner in pairs:
        yield from _leaves(inner, f"{name}.{key}".removeprefix(".").removeprefix("recipe."))
