"""PK batches: P identities, K pictures of each (Hermans et al., "In Defense of the Triplet Loss", 2017)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sightline.errors import ConfigurationError
from sightline.types import Int64Array
from training.samplers.sampler import Share
from training.seeds import generator


class IdentityBalancedSampler:
    """See :class:`training.samplers.sampler.Sampler`: identities come equally often, whatever number of pictures they have.

    The identities are shuffled and dealt out P at a time, those left over wait for the next shuffle: the P of a batch differ.
    An identity's pictures are dealt out K at a time in the same way: the K of a batch differ; an identity with fewer than
    K repeats some, each as often as the others, or once more.

    With several workers each has P / workers whole identities of the batch. Triplets are mined among a worker's own, so
    few identities a worker make easier triplets.

    Args:
        classes: int64 (N,): the identity of each picture of the set.
        identities: P, of all workers together.
        instances: K.
        epoch: until each identity came once (``identities``), or until as many pictures as the set has went by
            (``pictures``); both rounded down to whole batches.
        seed: of the order.
        share: this worker's.

    Raises:
        ConfigurationError: the set has fewer than P identities or P*K pictures, or the workers cannot share P evenly, or
            would have one identity each, which has no negative.
    """

    def __init__(
        self,
        classes: Int64Array,
        *,
        identities: int,
        instances: int,
        epoch: Literal["identities", "pictures"],
        seed: int,
        share: Share | None = None,
    ) -> None:
        self._people = [np.flatnonzero(classes == label) for label in np.unique(classes)]
        if len(self._people) < identities:
            raise ConfigurationError(f"sampling.identities: expected at most the set's {len(self._people)}, got {identities}")
        share = share or Share()
        if share.world > 1 and identities // share.world < 2:
            raise ConfigurationError(
                f"sampling.identities: expected at least two for each of the {share.world} workers, got {identities} in all"
            )
        self._part = share.of(identities, "sampling.identities")
        self._identities, self._instances, self._seed = identities, instances, seed
        self._length = len(self._people) // identities if epoch == "identities" else len(classes) // (identities * instances)
        if not self._length:
            raise ConfigurationError(
                f"sampling: a batch of {identities} identities with {instances} pictures is more than the set's {len(classes)}"
            )

    def __len__(self) -> int:
        return self._length

    def batches(self, epoch: int, start: int = 0) -> Iterator[Int64Array]:
        """See the port."""
        # The whole epoch is drawn whatever the start: a resumed epoch goes on as the uninterrupted one would have.
        rng = generator("order", self._seed, epoch)
        people = self._deal_people(rng)
        pictures = self._deal_pictures(people, rng)
        for batch in pictures[start:]:
            yield batch[self._part].reshape(-1)

    def _deal_people(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Which identities each batch has: (batches, P)."""
        per_shuffle = len(self._people) // self._identities
        shuffles = -(-self._length // per_shuffle)
        orders = [rng.permutation(len(self._people))[: per_shuffle * self._identities] for _ in range(shuffles)]
        return np.concatenate(orders).reshape(-1, self._identities)[: self._length]

    def _deal_pictures(self, people: NDArray[np.int64], rng: np.random.Generator) -> Int64Array:
        """(batches, P) -> (batches, P, K)."""
        of_all = people.reshape(-1)
        turns = np.bincount(of_all, minlength=len(self._people))
        dealt = np.empty((people.size, self._instances), np.int64)
        # Sorted by identity, each identity's turns lie together, and its hands fill them in the epoch's order.
        dealt[np.argsort(of_all, kind="stable")] = np.concatenate(
            [_deal(pictures, int(count), self._instances, rng) for pictures, count in zip(self._people, turns, strict=True)]
        )
        return dealt.reshape(*people.shape, self._instances)


def _deal(pictures: Int64Array, turns: int, instances: int, rng: np.random.Generator) -> Int64Array:
    """``turns`` hands of K pictures: (turns, K). No picture is twice in a hand unless there are fewer than K."""
    hands_per_shuffle = max(1, len(pictures) // instances)
    repeats = -(-instances // len(pictures))  # of the whole shuffle, so that one hand can be filled
    shuffles = -(-turns // hands_per_shuffle)
    used = hands_per_shuffle * instances
    hands = [np.tile(rng.permutation(pictures), repeats)[:used].reshape(-1, instances) for _ in range(shuffles)]
    return np.concatenate([*hands, np.empty((0, instances), np.int64)])[:turns]
