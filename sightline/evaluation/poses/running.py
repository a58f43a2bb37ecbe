"""A whole evaluation of a model of key points: find joints on labelled pictures, score, and show."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from sightline.evaluation.poses.correct_keypoints import HEAD, pck, pck_by_joint, separation
from sightline.evaluation.poses.keypoints_model import LoadedKeypoints
from sightline.skeleton import JOINTS
from sightline.types import Float32Array, UInt8Array

SEEN = 0.5
"""A true confidence above it is of a joint that is seen; at it, the joint is behind the own body."""


@dataclass(frozen=True, slots=True, eq=False)
class PosedPicture:
    """A picture of one person.

    Attributes:
        image: uint8 RGB (H, W, 3).
        keypoints: float32 (19, 3): x, y in pixels, confidence; 0 = not known, or hidden.
    """

    image: UInt8Array
    keypoints: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class PoseReport:
    """What an evaluation found.

    Attributes:
        model, data: their names.
        found, true: float32 (N, 19, 3): x, y in pixels, confidence.
        annotated: names of the joints that the data say something of.
        ms_per_crop: of the net alone, one crop at a time; the median.
    """

    model: str
    data: str
    found: Float32Array
    true: Float32Array
    annotated: tuple[str, ...]
    ms_per_crop: float

    @property
    def pck(self) -> float:
        """PCK@0.2 of the torso, left shoulder to right hip."""
        return pck(self.found[..., :2], self.true)

    @property
    def pckh(self) -> float:
        """PCKh@0.5: of the head, top to neck."""
        return pck(self.found[..., :2], self.true, ends=HEAD, part=0.5)

    @property
    def seen(self) -> float:
        """How often a joint that is seen is surer than one that is not; NaN where the data do not say."""
        rows = [JOINTS.index(name) for name in self.annotated]
        return separation(self.found[:, rows, 2].ravel(), self.true[:, rows, 2].ravel() > SEEN)

    @property
    def by_joint(self) -> dict[str, float]:
        """PCK@0.2 of each annotated joint."""
        figures = pck_by_joint(self.found[..., :2], self.true)
        return {name: float(figures[JOINTS.index(name)]) for name in self.annotated}

    def to_json(self) -> str:
        """One document, and a line's end; what is not known is null."""
        document = {
            "model": self.model,
            "data": self.data,
            "pictures": len(self.found),
            "pck_torso_0.2": _number(self.pck),
            "pckh_0.5": _number(self.pckh),
            "seen_auc": _number(self.seen),
            "pck_by_joint": {name: _number(value) for name, value in self.by_joint.items()},
            "ms_per_crop": self.ms_per_crop,
        }
        return json.dumps(document) + "\n"


def evaluate_keypoints(
    model: LoadedKeypoints,
    data: str,
    pictures: Iterable[PosedPicture],
    *,
    annotated: tuple[str, ...],
    on_picture: Callable[[], None] = lambda: None,
    monotonic: Callable[[], float] = time.monotonic,
) -> PoseReport:
    """Find the joints of each person. Blocking; needs no server.

    Args:
        model: loaded.
        data: what the pictures are called.
        pictures: with true key points, at least one.
        annotated: names of the joints that they have.
        on_picture: called after each.
        monotonic: the clock, seconds.

    Raises:
        ModelError: the model cannot be run.
        ValueError: there is no picture.
    """
    found, true, seconds = [], [], []
    for picture in pictures:
        began = monotonic()
        found.append(model.find(picture.image))
        seconds.append(monotonic() - began)
        true.append(picture.keypoints)
        on_picture()
    if not found:
        raise ValueError("expected at least one picture to find joints on, got none")
    milliseconds = 1e3 * float(np.median(seconds))
    return PoseReport(model.spec.name, data, np.stack(found), np.stack(true), annotated, milliseconds)


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
