"""How a user's net is to be wrapped, and what is known of the families that we recognise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sightline.errors import ConfigurationError
from sightline.models.importer.detections import Suppression
from sightline.models.importer.pixels import AS_THEY_ARE, DETECTRON, IMAGENET, OPENMMLAB, Pixels
from sightline.models.importer.yolox import YoloxHead
from sightline.spec import CropRule, ModelKind

Kind = Literal["yolox", "osnet", "rtmpose", "hrnet", "movenet", "densepose", "onnx"]
Fit = Literal["stretch", "letterbox"]
Interpolation = Literal["bilinear", "area", "cubic"]
Head = Literal["yolox", "boxes", "embedding", "keypoints", "simcc", "heatmaps", "movenet", "densepose", "chart"]

ROLES: Mapping[Head, ModelKind] = {
    "yolox": "detector",
    "boxes": "detector",
    "embedding": "embedder",
    "keypoints": "keypoints",
    "simcc": "keypoints",
    "heatmaps": "keypoints",
    "movenet": "keypoints",
    "densepose": "densepose",
    "chart": "densepose",
}
HEADS: Mapping[ModelKind, Head] = {
    "detector": "boxes",
    "embedder": "embedding",
    "keypoints": "keypoints",
    "densepose": "densepose",
}
"""For ``--kind onnx``: the head that a role has."""


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


WITH_SURROUNDINGS = CropChoice(expand=0.25, fit="letterbox")
"""As pose nets are trained: the box a quarter larger, its proportions kept."""
RTMPOSE = Recipe(head="simcc", pixels=OPENMMLAB, crop=WITH_SURROUNDINGS)
HRNET = Recipe(head="heatmaps", pixels=IMAGENET, crop=WITH_SURROUNDINGS)
MOVENET = Recipe(head="movenet", crop=WITH_SURROUNDINGS)
"""RGB, 0-255, whole numbers or not."""
DENSEPOSE = Recipe(head="chart", pixels=DETECTRON)

FAMILIES: Mapping[Kind, Recipe] = {
    "yolox": YOLOX,
    "osnet": OSNET,
    "rtmpose": RTMPOSE,
    "hrnet": HRNET,
    "movenet": MOVENET,
    "densepose": DENSEPOSE,
}


def recipe_for(kind: Kind, role: ModelKind | None = None) -> Recipe:
    """What to start from.

    Raises:
        ConfigurationError: a net of kind ``onnx`` has no role, or a net of a family has another role than that family.
    """
    if kind == "onnx":
        if role is None:
            raise ConfigurationError(f"a net of kind onnx needs its role: --role {' | '.join(HEADS)}")
        return Recipe(head=HEADS[role])
    recipe = FAMILIES[kind]
    if role not in (None, recipe.role):
        raise ConfigurationError(f"a net of kind {kind} has the role {recipe.role}, not {role}: use --kind onnx")
    return recipe
