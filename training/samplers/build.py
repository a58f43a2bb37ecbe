"""The sampler that a phase's config names."""

from __future__ import annotations

from sightline.types import Int64Array
from training.config import Sampling, Shuffled
from training.samplers.identity_balanced import IdentityBalancedSampler
from training.samplers.sampler import Sampler, Share
from training.samplers.shuffled import ShuffledSampler


def build_sampler(sampling: Sampling, classes: Int64Array, *, seed: int, share: Share | None = None) -> Sampler:
    """The sampler of a config.

    Args:
        sampling: which batches.
        classes: int64 (N,): the identity of each picture of the training set.
        seed: of the order; the same for all workers.
        share: this worker's; unset = there is one.

    Raises:
        ConfigurationError: the set is too small for the config, or the workers cannot share a batch evenly.
    """
    if isinstance(sampling, Shuffled):
        return ShuffledSampler(len(classes), batch_size=sampling.batch_size, seed=seed, share=share)
    return IdentityBalancedSampler(
        classes,
        identities=sampling.identities,
        instances=sampling.instances,
        epoch=sampling.epoch,
        seed=seed,
        share=share,
    )
