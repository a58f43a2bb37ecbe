"""The loss of a pose net: equations 3 and 4 of LRDNN."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from training.batch import Targets
from training.nets.openpose.drawing import PoseMaps, annotated, draw_maps
from training.nets.openpose.map_spec import MapSpec
from training.nets.system import Outputs

Stream = Literal["confidence", "affinity"]


class MapLoss:
    """sum over stages, channels and cells of W |predicted - true|^2, the mean over pictures.

    W is 0 for the maps of joints that nobody annotated (:func:`~training.nets.openpose.drawing.annotated`). The true maps are
    drawn from the targets' key points at the size of the predicted ones.

    Args:
        spec: which maps.
        stream: ``confidence`` (equation 3) or ``affinity`` (equation 4): takes the output of that name.

    Raises:
        ValueError: called with targets that have no key points, or outputs without maps.
    """

    def __init__(self, spec: MapSpec, stream: Stream) -> None:
        self._spec = spec
        self._stream = stream

    def __call__(self, outputs: Outputs, targets: Targets) -> Tensor:
        stages = outputs.maps.get(self._stream, ())
        if targets.keypoints is None or not stages:
            lacking = "key points among the targets" if stages else f"maps named {self._stream!r} among the outputs"
            raise ValueError(f"the loss of a pose net needs {lacking}; leave it out of the phase, or give it what it needs")
        keypoints = targets.keypoints.float()
        height, width = stages[0].shape[2:]
        true = self._of(draw_maps(keypoints, self._spec, (height, width)))
        weight = self._of(annotated(keypoints, self._spec))
        squared = sum((weight * (maps.float() - true).square()).sum() for maps in stages)
        assert isinstance(squared, Tensor), "there is at least one stage"
        return squared / max(1, len(keypoints))

    def _of(self, maps: PoseMaps) -> Tensor:
        return maps.confidence if self._stream == "confidence" else maps.affinity
