"""The processes that train together: who this one is, and the few things that they tell one another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from sightline.errors import ConfigurationError
from training.naming import suggestion

T = TypeVar("T")


def chosen_device(name: str | None) -> str:
    """The device of this name; without one a GPU if there is one, else the CPU.

    Raises:
        ConfigurationError: there is no such device here.
    """
    gpus = torch.cuda.device_count()
    if name is None:
        return "cuda" if gpus else "cpu"
    known = ["cpu", *(["cuda"] if gpus else []), *(f"cuda:{index}" for index in range(gpus))]
    if name not in known:
        raise ConfigurationError(f"there is no device {name!r} here: {suggestion(name, known)}")
    return name


@dataclass(frozen=True, slots=True)
class World:
    """One process of those that train together. Alone, nothing here does anything.

    Whoever starts several processes makes the process group (gloo on CPUs, nccl on GPUs) first.

    Attributes:
        rank: this process, 0 … size-1; the first one reports, evaluates and writes.
        size: how many there are.
        device: where this one computes.
    """

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @classmethod
    def alone(cls, device: str) -> World:
        """One process, on this device."""
        return cls(device=torch.device(device))

    @property
    def is_first(self) -> bool:
        """Whether this process reports, evaluates and writes."""
        return self.rank == 0

    def parallel(self, module: nn.Module) -> nn.Module:
        """The module, its gradients the mean over all processes' after each backward pass."""
        if self.size == 1:
            return module
        # A phase may leave heads of the system out of its loss: their parameters get no gradient.
        return DistributedDataParallel(module, find_unused_parameters=True)

    def mean(self, values: Tensor) -> Tensor:
        """The mean over all processes; every one of them calls it at the same place."""
        if self.size == 1:
            return values
        total = values.clone()
        distributed.all_reduce(total)
        return total / self.size

    def gather(self, value: T) -> list[T]:
        """Each process's value, by rank; every one of them calls it at the same place."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        distributed.all_gather_object(values, value)
        return values
