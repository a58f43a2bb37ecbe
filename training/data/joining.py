"""Several data sets as one to learn from: people and cameras of one are others than those of the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sightline.attributes import MISSING
from sightline.errors import ConfigurationError
from sightline.skeleton import JOINTS
from sightline.types import Float32Array, Int64Array
from training.data.reading import StoredPicture
from training.data.samples import Samples


@dataclass(frozen=True, slots=True, eq=False)
class Learnable:
    """The training pictures of one set, and what is known of the people.

    Attributes:
        samples: N.
        attributes: int64 (N, A), MISSING where it is not known; None = of nobody.
        values: attribute -> its values, in the order of ``attributes``; None without them.
    """

    samples: Samples
    attributes: Int64Array | None = None
    values: Mapping[str, tuple[str, ...]] | None = None


def joined(sets: Sequence[Learnable]) -> Learnable:
    """All of them, in order; what a set does not know is unknown of its pictures.

    Raises:
        ConfigurationError: two sets name other attributes, or other values of them.
    """
    if len(sets) == 1:
        return sets[0]
    values = _values(sets)
    return Learnable(
        Samples(_renumbered([each.samples for each in sets]), _keypoints([each.samples for each in sets])),
        None if values is None else np.concatenate([_attributes(each, len(values)) for each in sets]),
        values,
    )


def _renumbered(sets: Sequence[Samples]) -> list[StoredPicture]:
    """The pictures with pids and camids that no two sets share; those of the first stay."""
    pictures: list[StoredPicture] = []
    pid = camid = 0
    for samples in sets:
        for stored in samples.pictures:
            moved = replace(stored.picture, pid=stored.picture.pid + pid, camid=stored.picture.camid + camid)
            pictures.append(replace(stored, picture=moved))
        pid += int(samples.pids.max(initial=0))
        camid += int(samples.camids.max(initial=0))
    return pictures


def _keypoints(sets: Sequence[Samples]) -> Float32Array | None:
    if all(each.keypoints is None for each in sets):
        return None
    unseen = (np.zeros((len(each), len(JOINTS), 3), np.float32) for each in sets)
    return np.concatenate([nobody if of.keypoints is None else of.keypoints for of, nobody in zip(sets, unseen, strict=True)])


def _values(sets: Sequence[Learnable]) -> Mapping[str, tuple[str, ...]] | None:
    known = [dict(each.values) for each in sets if each.attributes is not None and each.values is not None]
    for other in known[1:]:
        if list(other.items()) != list(known[0].items()):
            raise ConfigurationError(f"the data sets have other attributes: {known[0]} and {other}: give them the same columns")
    return known[0] if known else None


def _attributes(learnable: Learnable, count: int) -> Int64Array:
    if learnable.attributes is not None:
        return learnable.attributes
    return np.full((len(learnable.samples), count), MISSING, np.int64)
