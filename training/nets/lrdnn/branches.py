"""LRDNN's two branches and their fusion: what describes a person (figure 3)."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from training.config import Config
from training.nets.backbones.build import build_backbone
from training.nets.backbones.config import BackboneConfig, ResNetConfig
from training.nets.lrdnn.pose_fusion import FusionConfig, PoseFusion, Stream
from training.nets.openpose.drawing import DrawnMaps, PoseMaps
from training.nets.openpose.map_spec import MapSpec
from training.nets.openpose.pose_net import PoseNet, PoseNetConfig
from training.nets.pooled_trunk import PooledTrunk, activity


class LrdnnConfig(Config):
    """Which of LRDNN's rows it is, and what it is made of.

    Attributes:
        backbone: of the main branch.
        attributes: A: a head for each attribute of the data.
        streams: H (``confidence``) and C (``affinity``); none = the main branch alone.
        maps: which joints and limbs the pose maps show; :data:`~training.nets.openpose.map_spec.PAPER_MAPS` are the paper's.
        maps_from: the pose net, or the key points that come with each picture, drawn as maps: for where no pose net is trained.
        pose: the pose net.
        fusion: how the branches are joined.
        retrieval: what is matched: the fused feature, pool5, or both, each at length 1. The paper names none; identity is
            told from the fused one.
    """

    backbone: BackboneConfig = ResNetConfig()
    attributes: bool = True
    streams: tuple[Stream, ...] = Field(default=("confidence", "affinity"), max_length=2)
    maps: MapSpec = MapSpec()
    maps_from: Literal["pose_net", "keypoints"] = "pose_net"
    pose: PoseNetConfig = PoseNetConfig()
    fusion: FusionConfig = FusionConfig()
    retrieval: Literal["fused", "pool5", "both"] = "fused"


class Branches(nn.Module):
    """uint8 pictures (N, 3, H, W), and key points (N, J, 3) where maps are drawn from them -> the matching feature (N, D).

    Attributes:
        widths: D of pool5, of the fused feature, and of both.

    Raises:
        ConfigurationError: a checkpoint does not fit.
    """

    def __init__(self, config: LrdnnConfig) -> None:
        super().__init__()
        self._retrieval = config.retrieval
        self.trunk = PooledTrunk(build_backbone(config.backbone))
        drawn = config.maps_from == "keypoints"
        self.pose: DrawnMaps | PoseNet = DrawnMaps(config.maps) if drawn else PoseNet(config.pose, config.maps)
        counts: dict[Stream, int] = {"confidence": config.maps.confidence_maps, "affinity": config.maps.affinity_fields}
        self.fusion = PoseFusion(
            config.fusion, self.trunk.features, {stream: counts[stream] for stream in dict.fromkeys(config.streams)}
        )
        fused = config.fusion.sketch_width
        self.widths = {"pool5": self.trunk.features, "fused": fused, "both": fused + self.trunk.features}

    def forward(self, images: Tensor, keypoints: Tensor | None = None) -> Tensor:
        features = self.trunk.map(images)
        pooled = features.mean(dim=(2, 3))
        if self._retrieval == "pool5":
            return pooled
        fused: Tensor = self.fusion(features, self.pose_stages(images, keypoints)[-1])
        if self._retrieval == "fused":
            return fused
        return torch.cat([nn.functional.normalize(value.float(), dim=1) for value in (fused, pooled)], dim=1)

    def activities(self, images: Tensor, keypoints: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Figure 4: how strongly each cell answers before the fusion, in the pose branch, and in the fusion; (N, h, w) each.

        The length of an outer product is the product of both lengths, so the last needs no sketch.
        """
        features = self.trunk.map(images)
        main, pose = (activity(each) for each in self.fusion.operands(features, self.pose_stages(images, keypoints)[-1]))
        return activity(features), pose, main * pose

    def pose_stages(self, images: Tensor, keypoints: Tensor | None) -> tuple[PoseMaps, ...]:
        """The maps of each stage of the pose branch; drawn ones are a single stage.

        Raises:
            ValueError: maps are to be drawn and there are no key points.
        """
        if isinstance(self.pose, PoseNet):
            stages: tuple[PoseMaps, ...] = self.pose(self.trunk.normalise(images))
            return stages
        if keypoints is None:
            raise ValueError("drawing pose maps needs key points, and the inputs hold none")
        return (self.pose(keypoints, (int(images.shape[2]), int(images.shape[3]))),)
