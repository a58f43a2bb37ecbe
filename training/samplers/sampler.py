"""A sampler, and how one is made of its config.

One global sequence of batches is drawn from the seed and the epoch; with several workers each takes its share of every batch.
So the number of steps, and what is learnt from in each of them, do not depend on how many workers there are, and training goes
on from a batch's number with another number of workers too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sightline.errors import ConfigurationError
from sightline.types import Int64Array


@dataclass(frozen=True, slots=True)
class Share:
    """Which worker this is (``rank``), of how many (``world``).

    Raises:
        ConfigurationError: there is no such worker.
    """

    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.world:
            raise ConfigurationError(f"rank: expected 0 to {self.world - 1}, got {self.rank}")

    def of(self, count: int, what: str) -> slice:
        """This worker's part of ``count`` things.

        Raises:
            ConfigurationError: they cannot be shared out evenly; the average over workers would weigh some more than others.
        """
        if count % self.world:
            raise ConfigurationError(f"{what}: expected a multiple of the {self.world} workers, got {count}")
        each = count // self.world
        return slice(self.rank * each, (self.rank + 1) * each)


class Sampler(Protocol):
    """Batches of indices into the training set; ``len`` is how many an epoch has."""

    def __len__(self) -> int: ...

    def batches(self, epoch: int, start: int = 0) -> Iterator[Int64Array]:
        """This worker's share of each batch of an epoch, in order, from batch ``start`` on."""
        ...
