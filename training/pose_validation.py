"""How well a pose net finds joints on pictures that it does not learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sightline.evaluation.poses.correct_keypoints import HEAD, pck, separation
from sightline.types import Float32Array
from training.batch import Inputs
from training.config import Precision
from training.data.evaluation_set import EvaluationPart
from training.nets.system import System
from training.nets.systems.pose_system import PoseSystem
from training.objective import autocast, laid_out
from training.validation import Figures

CERTAIN = 0.5
"""Joints of a lower confidence are not seen, where what is seen is told from what is not; they count for PCK."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """The test part of a set.

    Attributes:
        part: its pictures, with key points.
        annotated: bool (J,): the joints that the set says something of.
    """

    part: EvaluationPart
    annotated: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, eq=False)
class PoseValidation:
    """PCK@0.2 of the torso (left shoulder to right hip), PCKh@0.5, and how well confidences tell seen joints from hidden ones.

    Figures: ``pck``, the mean of the sets' own, by which the best weights are kept; ``pck/SET``, ``pckh/SET`` and, where a set
    has both, ``seen/SET``: how often a joint that is seen is surer than one that is not.

    Attributes:
        sets: name -> what is held out; at least one.
        precision, device: how and where.
    """

    sets: Mapping[str, HeldOut]
    precision: Precision
    device: torch.device

    def measure(self, system: System) -> Figures:
        """See :class:`training.validation.Validation`.

        Raises:
            ValueError: the system is no pose net.
        """
        if not isinstance(system, PoseSystem):
            raise ValueError(f"expected a net that estimates key points, got {type(system).__name__}")
        values: dict[str, float] = {}
        for name, held_out in self.sets.items():
            values |= {f"{figure}/{name}": value for figure, value in self._of(system, held_out).items()}
        values = {"pck": float(np.mean([values[f"pck/{name}"] for name in self.sets])), **values}
        return Figures("pck", values, samples=sum(len(each.part) for each in self.sets.values()))

    def _of(self, system: PoseSystem, held_out: HeldOut) -> dict[str, float]:
        found, true = estimated(system, held_out.part, precision=self.precision, device=self.device)
        sizes = np.array([stored.size_wh for stored in held_out.part.samples.pictures], np.float32)[:, None]
        places = found[..., :2] * sizes
        known = np.concatenate([true[..., :2] * sizes, true[..., 2:]], axis=2)
        figures = {"pck": pck(places, known), "pckh": pck(places, known, ends=HEAD, part=0.5)}
        surer = separation(found[:, held_out.annotated, 2].ravel(), true[:, held_out.annotated, 2].ravel() > CERTAIN)
        return {name: value for name, value in (*figures.items(), ("seen", surer)) if np.isfinite(value)}


@torch.no_grad()
def estimated(
    system: PoseSystem, part: EvaluationPart, *, precision: Precision, device: torch.device
) -> tuple[Float32Array, Float32Array]:
    """What a net finds and what is true: float32 (N, J, 3) each, x and y in [0, 1] of the picture, and a confidence.

    The system is left in evaluation mode.

    Raises:
        ValueError: the pictures have no key points.
    """
    system.eval()
    found, true = [], []
    for batch in part.batches():
        true.append(_keypoints(batch).numpy())
        inputs = laid_out(batch.to(device), precision)
        with autocast(precision, device):
            found.append(system.estimate(inputs.images).float().cpu().numpy())
    return np.concatenate(found), np.concatenate(true)


def _keypoints(batch: Inputs) -> Tensor:
    if batch.keypoints is None:
        raise ValueError("a pose net is judged by key points, and the pictures have none")
    return batch.keypoints
