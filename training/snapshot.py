"""Everything that a training run needs to go on as if it had never stopped, as one value.

It holds tensors, numbers, texts, lists and mappings only, so it is read with ``weights_only=True``: no code in it is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from training.identity import RunIdentity

FORMAT = 1
"""Of the mapping; a reader refuses others."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a run has come: what comes next.

    Attributes:
        phase: index of the phase; the number of phases where the run is complete.
        epoch: in the phase.
        batch: in the epoch.
        step: steps done in the whole run.
        epochs_done: epochs done in the whole run; what shuffles and augments an epoch is drawn by it.
    """

    phase: int = 0
    epoch: int = 0
    batch: int = 0
    step: int = 0
    epochs_done: int = 0

    def after_step(self) -> Position:
        """One batch further."""
        return Position(self.phase, self.epoch, self.batch + 1, self.step + 1, self.epochs_done)

    def after_epoch(self) -> Position:
        """At the beginning of the next epoch."""
        return Position(self.phase, self.epoch + 1, 0, self.step, self.epochs_done + 1)

    def after_phase(self) -> Position:
        """At the beginning of the next phase."""
        return Position(self.phase + 1, 0, 0, self.step, self.epochs_done)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one position.

    Attributes:
        identity: which run it is.
        position: what comes next.
        system: the weights.
        average: the averaged weights; None = the recipe averages none.
        optimiser: its state and rates; None = the next phase makes a new one.
        random: the states of torch's generators, of each process by rank; see :func:`generator_states`.
        provenance: by what it was made, see :func:`training.identity.provenance`.
        figures: of the last evaluation; empty before the first.
    """

    identity: RunIdentity
    position: Position
    system: Mapping[str, Tensor]
    average: Mapping[str, Tensor] | None
    optimiser: Mapping[str, Any] | None
    random: Sequence[Mapping[str, Tensor]]
    provenance: Mapping[str, str]
    figures: Mapping[str, float]

    def to_mapping(self) -> dict[str, Any]:
        """As it is saved."""
        return {
            "format": FORMAT,
            "identity": self.identity.to_mapping(),
            "position": asdict(self.position),
            "system": dict(self.system),
            "average": None if self.average is None else dict(self.average),
            "optimiser": self.optimiser,
            "random": [dict(states) for states in self.random],
            "provenance": dict(self.provenance),
            "figures": dict(self.figures),
        }

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Snapshot:
        """From what :meth:`to_mapping` gave.

        Raises:
            ValueError: it is of another format, or something is missing.
        """
        if values.get("format") != FORMAT:
            raise ValueError(f"expected a checkpoint of format {FORMAT}, got {values.get('format')!r}")
        try:
            identity, position = RunIdentity.from_mapping(values["identity"]), Position(**values["position"])
            rest = {name: values[name] for name in ("system", "average", "optimiser", "random", "provenance", "figures")}
        except (KeyError, TypeError) as error:
            raise ValueError(f"the checkpoint lacks something: {error}") from error
        return cls(identity=identity, position=position, **rest)


def generator_states(device: torch.device) -> dict[str, Tensor]:
    """The states of the generators that a net draws from on this device (dropout); data are drawn by seed, epoch and sample."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def restore_generators(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Set the generators to what :func:`generator_states` gave."""
    torch.set_rng_state(states["cpu"].cpu())
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"].cpu(), device)
