"""One set of people with joints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.skeleton import FLIP, indices
from training.data.samples import Samples


@dataclass(frozen=True, slots=True, eq=False)
class PosedSet:
    """Pictures whose joints are known, as far as the set's skeleton goes.

    Attributes:
        name: for reports and figures.
        training: what is learnt from; with key points.
        held_out: what is judged by; with key points.
        joints: the set's skeleton, among those of :data:`sightline.skeleton.JOINTS`.
        fingerprint: of pictures and key points.
    """

    name: str
    training: Samples
    held_out: Samples
    joints: tuple[str, ...]
    fingerprint: str

    @property
    def annotated(self) -> NDArray[np.bool_]:
        """bool (J,): joints of which the set says whether they are seen, on a picture and on its mirror image."""
        has = np.zeros(len(FLIP), np.bool_)
        has[list(indices(self.joints))] = True
        return np.asarray(has & has[list(FLIP)])
