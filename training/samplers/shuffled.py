"""Batches of a shuffled set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sightline.errors import ConfigurationError
from sightline.types import Int64Array
from training.samplers.sampler import Share
from training.seeds import generator


class ShuffledSampler:
    """See :class:`training.samplers.sampler.Sampler`: each picture once an epoch; the last, smaller batch is left out.

    Args:
        size: of the set.
        batch_size: of all workers together.
        seed: of the order.
        share: this worker's.

    Raises:
        ConfigurationError: the set is smaller than a batch, or the workers cannot share one evenly.
    """

    def __init__(self, size: int, *, batch_size: int, seed: int, share: Share | None = None) -> None:
        if size < batch_size:
            raise ConfigurationError(f"sampling.batch_size: expected at most the {size} training pictures, got {batch_size}")
        self._size, self._batch_size, self._seed = size, batch_size, seed
        self._part = (share or Share()).of(batch_size, "sampling.batch_size")

    def __len__(self) -> int:
        return self._size // self._batch_size

    def batches(self, epoch: int, start: int = 0) -> Iterator[Int64Array]:
        """See the port."""
        order = generator("order", self._seed, epoch).permutation(self._size).astype(np.int64)
        for number in range(start, len(self)):
            yield order[number * self._batch_size :][: self._batch_size][self._part]
