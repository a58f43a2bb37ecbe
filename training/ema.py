"""The exponential moving average of a system's weights: smoother than the last step's, so it is what is evaluated."""

from __future__ import annotations

import copy

import torch

from training.nets.system import System


class AveragedSystem:
    """A copy of a system whose weights follow it.

    After the t-th step, t from 1: average = d_t * average + (1 - d_t) * weights, with d_t = min(decay, t / (t + 9)), so
    that the random weights of the beginning are forgotten however short the run is. Running statistics of
    normalisation layers are averaged like weights; whole numbers (counters) are copied.

    Args:
        system: the one to follow; its weights may be overwritten, never replaced by other tensors.
        decay: how much of the average each step keeps, in (0, 1).

    Attributes:
        system: the copy, in evaluation mode; it takes no gradients.
    """

    def __init__(self, system: System, *, decay: float) -> None:
        self.system = copy.deepcopy(system).eval().requires_grad_(False)
        self._decay = decay
        pairs = list(zip(self.system.state_dict().values(), system.state_dict().values(), strict=True))
        self._averaged = [(ours, theirs) for ours, theirs in pairs if ours.is_floating_point()]
        self._copied = [(ours, theirs) for ours, theirs in pairs if not ours.is_floating_point()]

    @torch.no_grad()
    def update(self, *, step: int) -> None:
        """Follow the weights after the ``step``-th step of the run, counted from 1."""
        averages, values = map(list, zip(*self._averaged, strict=True))
        torch._foreach_lerp_(averages, values, 1 - min(self._decay, step / (step + 9)))
        for ours, theirs in self._copied:
            ours.copy_(theirs)
