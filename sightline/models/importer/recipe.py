"""How a user's net is to be wrapped, and what is known of the families that we recognise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sightline.errors import ConfigurationError
from sightline.models.importer.detections import Suppression
from sightline.models.importer.pixels import AS_THEY_ARE, CHANNELS, IMAGENET, Pixels
from sightline.models.importer.source import SourceModel
from sightline.models.importer.yolox import BOX_AND_OBJECTNESS, YoloxHead
from sightline.spec import CropRule, ModelKind

Kind = Literal["yolox", "osnet", "onnx"]
Fit = Literal["stretch", "letterbox"]
Interpolation = Literal["bilinear", "area", "cubic"]
Head = Literal["yolox", "boxes", "embedding", "keypoints", "densepose"]

ROLES: Mapping[Head, ModelKind] = {
    "yolox": "detector",
    "boxes": "detector",
    "embedding": "embedder",
    "keypoints": "keypoints",
    "densepose": "densepose",
}
HEADS: Mapping[ModelKind, Head] = {
    "detector": "boxes",
    "embedder": "embedding",
    "keypoints": "keypoints",
    "densepose": "densepose",
}
"""For ``--kind onnx``: the head that a role has."""

PERSON_CROP_HW = (256, 128)


@dataclass(frozen=True, slots=True)
class CropChoice:
    """How people are cut out for the net; its size comes from the net itself."""

    expand: float = 0.0
    fit: Fit = "stretch"
    interpolation: Interpolation = "bilinear"

    def rule(self, size_hw: tuple[int, int]) -> CropRule:
        return CropRule(size_hw=size_hw, expand=self.expand, fit=self.fit, interpolation=self.interpolation)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that the file itself does not say.

    Attributes:
        head: what the net's outputs are.
        pixels: what it expects of its pictures.
        yolox: for that head.
        suppression: for the head ``boxes``; None = the net suppresses overlapping boxes itself.
        crop: for nets that see crops.
        outputs: contract name -> the file's name, where the importer cannot tell.
        joints, attributes: names of what the outputs hold, in their order.
        terms: licence or terms of use of the weights.
    """

    head: Head
    pixels: Pixels = AS_THEY_ARE
    yolox: YoloxHead = field(default_factory=YoloxHead)
    suppression: Suppression | None = None
    crop: CropChoice = field(default_factory=CropChoice)
    outputs: Mapping[str, str] = field(default_factory=dict)
    joints: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    terms: str = ""

    @property
    def role(self) -> ModelKind:
        return ROLES[self.head]


YOLOX = Recipe(head="yolox", pixels=Pixels(colour="bgr"))
"""As Megvii trains it since release 0.1.1: BGR, 0-255, not normalised."""
OSNET = Recipe(head="embedding", pixels=IMAGENET)
"""As torchreid trains it: RGB crops stretched to 256x128, ImageNet's mean and deviation."""


def recipe_for(kind: Kind, role: ModelKind | None = None) -> Recipe:
    """What to start from.

    Raises:
        ConfigurationError: a net of kind ``onnx`` has no role, or a net of a family has another role than that family.
    """
    if kind == "onnx":
        if role is None:
            raise ConfigurationError(f"a net of kind onnx needs its role: --role {' | '.join(HEADS)}")
        return Recipe(head=HEADS[role])
    recipe = YOLOX if kind == "yolox" else OSNET
    if role not in (None, recipe.role):
        raise ConfigurationError(f"a net of kind {kind} has the role {recipe.role}, not {role}: use --kind onnx")
    return recipe


def recognise(source: SourceModel) -> Kind:
    """The family of a net, from its tensors alone.

    Raises:
        ModelError: it is of no known family.
    """
    shapes = [output.shape for output in source.outputs]
    planes = source.input.shape[1:]
    if len(shapes) == 1 and len(shapes[0]) == 3 and _has_classes(shapes[0][2]) and planes[0] == CHANNELS:
        return "yolox"
    if len(shapes) == 1 and len(shapes[0]) == 2 and planes == (CHANNELS, *PERSON_CROP_HW):
        return "osnet"
    raise source.refuse(
        "a YOLOX detector ([N, 3, H, W] -> [N, rows, 5 + classes]) or an OSNet-like embedder "
        "([N, 3, 256, 128] -> [N, D]); say what it is with --kind onnx --role …"
    )


def _has_classes(columns: int | str) -> bool:
    return isinstance(columns, int) and columns > BOX_AND_OBJECTNESS
