"""What changes while a run goes on: weights, optimiser, place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import optim

from sightline.errors import ConfigurationError
from training.config import Phase
from training.ema import AveragedSystem
from training.identity import RunIdentity, provenance
from training.nets.system import System
from training.optimisers import freeze, make_optimiser
from training.recipe import DataFacts, Recipe
from training.snapshot import Position, Snapshot, restore_generators
from training.world import World


class RunState:
    """A run at its beginning, to be restored or to be trained. Seeds torch's generators: same seed, same run.

    Attributes:
        system: what learns.
        average: its averaged weights; None = the recipe averages none, or this is not the first worker.
        position: what comes next.
        figures: of the last evaluation.
    """

    def __init__(self, recipe: Recipe, facts: DataFacts, world: World) -> None:
        torch.manual_seed(recipe.seed)
        layout = torch.channels_last if recipe.precision.channels_last else torch.preserve_format
        self.system: System = recipe.build(facts).to(world.device).to(memory_format=layout)
        torch.manual_seed(recipe.seed + world.rank)  # each worker drops other units
        self.average = AveragedSystem(self.system, decay=recipe.ema) if recipe.ema and world.is_first else None
        self.position = Position()
        self.figures: Mapping[str, float] = {}
        self._world = world
        self._provenance = provenance()
        self._optimiser: optim.Optimizer | None = None
        self._restored_optimiser: Mapping[str, Any] | None = None

    @property
    def best_weights(self) -> System:
        """What is evaluated and exported: the averaged weights where there are some."""
        return self.average.system if self.average else self.system

    def start_from(self, weights: Mapping[str, torch.Tensor]) -> tuple[str, ...]:
        """Begin with weights of another net wherever it has some of the same name and shape.

        Returns:
            Names of those that begin at random all the same: the classifier of other people, as a rule.

        Raises:
            ConfigurationError: nothing fits.
        """
        own = self.system.state_dict()
        fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
        learnt = {name for name, _ in self.system.named_parameters()}
        if not learnt & set(fitting):
            raise ConfigurationError("nothing of the weights to start from fits this net: they are of another architecture")
        for system in (self.system, *([self.average.system] if self.average else [])):
            system.load_state_dict(fitting, strict=False)
        return tuple(name for name in own if name in learnt and name not in fitting)

    def begin(self, phase: Phase) -> optim.Optimizer:
        """A phase's optimiser; the one of the checkpoint where the run goes on within the phase.

        Raises:
            ConfigurationError: the phase names parts that the system does not have, or that the checkpoint does not.
        """
        freeze(self.system, phase.frozen)
        self.system.zero_grad()  # of parts that learnt until now and are frozen from here on: they would count in the norm
        self._optimiser = make_optimiser(self.system, phase.optimiser)
        if self._restored_optimiser is not None:
            try:
                self._optimiser.load_state_dict(dict(self._restored_optimiser))
            except (ValueError, KeyError) as error:
                raise ConfigurationError(f"the checkpoint's optimiser is another one: {error}") from error
            self._restored_optimiser = None
        return self._optimiser

    def snapshot(self, identity: RunIdentity, random: list[dict[str, torch.Tensor]]) -> Snapshot:
        """All of it now. ``random``: the workers' generators, by rank."""
        within_phase = self.position.epoch > 0 or self.position.batch > 0
        return Snapshot(
            identity=identity,
            position=self.position,
            system=self.system.state_dict(),
            average=self.average.system.state_dict() if self.average else None,
            optimiser=self._optimiser.state_dict() if self._optimiser and within_phase else None,
            random=random,
            provenance=self._provenance,
            figures=self.figures,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Become what the snapshot was taken of.

        Raises:
            ConfigurationError: it is of another system.
        """
        try:
            self.system.load_state_dict(dict(snapshot.system))
            if self.average and snapshot.average:
                self.average.system.load_state_dict(dict(snapshot.average))
        except RuntimeError as error:
            raise ConfigurationError(f"the checkpoint is of another system: {error}") from error
        self.position, self.figures = snapshot.position, snapshot.figures
        self._restored_optimiser = snapshot.optimiser
        if self._world.rank < len(snapshot.random):
            restore_generators(snapshot.random[self._world.rank], self._world.device)
