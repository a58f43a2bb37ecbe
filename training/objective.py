"""From a batch to the number that is minimised: the system and its joint loss, as one module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from sightline.errors import ConfigurationError
from training.batch import Batch, Inputs
from training.config import Phase, Precision
from training.losses.joint import JointLoss, Weighted
from training.losses.term import LossTerm
from training.naming import suggestion
from training.nets.system import Outputs, System


class Objective(nn.Module):
    """The joint loss of a system on a batch: one module, so that several processes agree on the parameters that it uses."""

    def __init__(self, system: System, loss: JointLoss, precision: Precision) -> None:
        super().__init__()
        self.system = system
        self._loss = loss
        self._precision = precision

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum, float32, and each term before its weight, detached."""
        inputs = laid_out(batch.inputs, self._precision)
        with autocast(self._precision, inputs.images.device):
            outputs: Outputs = self.system(inputs)
        total, terms = self._loss(_in_float32(outputs), batch.targets)
        return total, terms


def joint_loss(terms: Mapping[str, LossTerm], phase: Phase) -> JointLoss:
    """The terms that a phase weighs.

    Raises:
        ConfigurationError: it weighs a term that the recipe does not have, or none at all.
    """
    unknown = [name for name in phase.weights if name not in terms]
    if unknown:
        raise ConfigurationError(f"phase {phase.name!r} weighs the loss {unknown[0]!r}: {suggestion(unknown[0], terms)}")
    if not phase.weights:
        raise ConfigurationError(f"phase {phase.name!r} weighs no loss: {suggestion('', terms)}")
    return JointLoss({name: Weighted(terms[name], weight) for name, weight in phase.weights.items()})


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """The context in which a system runs at this precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision.bf16)


def laid_out(inputs: Inputs, precision: Precision) -> Inputs:
    """The same with its pictures in the memory layout of this precision."""
    if not precision.channels_last:
        return inputs
    return replace(inputs, images=inputs.images.contiguous(memory_format=torch.channels_last))


def _in_float32(outputs: Outputs) -> Outputs:
    """Losses are sums of many small numbers: bfloat16's 8 bits are too few for them."""
    return Outputs(
        {name: value.float() for name, value in outputs.logits.items()},
        {name: value.float() for name, value in outputs.features.items()},
        {name: tuple(value.float() for value in stages) for name, stages in outputs.maps.items()},
    )
