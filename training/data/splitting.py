"""A split by identity, for sets whose authors made none: nobody who is looked for was trained on."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from sightline.errors import ConfigurationError
from training.data.records import DISTRACTOR, JUNK, Picture, ReidSet

log = logging.getLogger(__name__)


def split_by_identity(name: str, pictures: Sequence[Picture], *, test_part: float, split: int = 0) -> ReidSet:
    """Some identities for the test, the others to learn from.

    Only who was seen by two cameras can be looked for, so the test identities are drawn among those. The queries are one
    picture of an identity in each camera that has another of it (in one camera, where none has); the rest of its pictures
    are the gallery, with all distractors. So every query has an answer in another camera.

    Args:
        name: of the set.
        pictures: all of it; distractors (pid 0) go to the gallery, junk (pid -1) nowhere.
        test_part: of the identities, how many are kept for the test.
        split: which draw of them.

    Raises:
        ConfigurationError: ``test_part`` is not in [0, 1).
    """
    if not 0 <= test_part < 1:
        raise ConfigurationError(f"test_part: expected 0 to less than 1, got {test_part}")
    rng = np.random.default_rng(split)
    seen = _by_camera(pictures)
    askable = [pid for pid in sorted(seen) if len(seen[pid]) > 1]
    wanted = min(round(test_part * len(seen)), len(askable), max(0, len(seen) - 1))
    if test_part and not wanted:
        log.warning("%s: too few people were seen by two cameras to test on, all %d are for training", name, len(seen))
    test = set(rng.choice(askable, wanted, replace=False).tolist()) if wanted else set()
    train = tuple(picture for picture in pictures if picture.pid in seen and picture.pid not in test)
    if not test:
        return ReidSet(name, train, (), ())
    query = tuple(picture for pid in sorted(test) for picture in _queries(seen[pid], rng))
    asked = {picture.name for picture in query}
    gallery = tuple(p for p in pictures if p.pid == DISTRACTOR or (p.pid in test and p.name not in asked))
    return ReidSet(name, train, query, gallery)


def _by_camera(pictures: Sequence[Picture]) -> dict[int, dict[int, list[Picture]]]:
    """pid -> camid -> pictures; neither junk nor distractors."""
    seen: dict[int, dict[int, list[Picture]]] = defaultdict(lambda: defaultdict(list))
    for picture in pictures:
        if picture.pid not in (JUNK, DISTRACTOR):
            seen[picture.pid][picture.camid].append(picture)
    return seen


def _queries(by_camera: dict[int, list[Picture]], rng: np.random.Generator) -> list[Picture]:
    groups = list(by_camera.values())
    several = [group for group in groups if len(group) > 1]
    return [group[rng.integers(len(group))] for group in several or groups[:1]]
