"""A net of perception as a server runs it: what it takes and gives, and how exactly that must be kept.

Detectors, key points and dense coordinates differ in their tensors alone; how they are traced, described and compared is the
same for all (:mod:`training.export.perception`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from sightline.spec import CropRule, ModelKind, TensorSpec


@dataclass(frozen=True, slots=True, eq=False)
class ContractNet:
    """A net with the tensors of the model contract.

    Attributes:
        net: uint8 pictures (N, H, W, 3) RGB -> a tuple of its outputs, in order; in evaluation mode, on the CPU.
        kind: as ModelSpec has it.
        input: of the pictures.
        outputs: in order.
        tolerances: output -> the largest difference that passes the gate, in its own unit (pixels for places); of dense
            coordinates where the part is the same (:mod:`training.export.dense_gate`).
        crop: how people are cut out for it; None for detectors.
        joints, class_names: as ModelSpec has them.
    """

    net: nn.Module
    kind: ModelKind
    input: TensorSpec
    outputs: tuple[TensorSpec, ...]
    tolerances: Mapping[str, float]
    crop: CropRule | None = None
    joints: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
