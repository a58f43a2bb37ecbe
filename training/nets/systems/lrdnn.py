"""LRDNN, "Local-refining based Deep Neural Network": identity, attributes and pose in one net (papers: LRDNN, figure 3).

The main branch learns identities, then attributes too (:class:`MainBranch`: rows B and B+A). At last compact bilinear pooling
joins its map with the maps of the pose branch, and new heads learn from that (:class:`Lrdnn`: +H, +C, all). What the text
leaves open is settled in :mod:`training.nets.lrdnn.pose_fusion`, :class:`~training.nets.lrdnn.branches.LrdnnConfig` and
:mod:`training.recipes.lrdnn`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.batch import Inputs
from training.nets.backbones.build import build_backbone
from training.nets.embedding_net import EmbeddingNet
from training.nets.lrdnn.branches import Branches, LrdnnConfig
from training.nets.lrdnn.heads import PersonHeads
from training.nets.openpose.drawing import PoseMaps
from training.nets.openpose.pose_net import PoseNet
from training.nets.pooled_trunk import PooledTrunk
from training.nets.system import EmbeddingSystem, Outputs


class MainBranch(EmbeddingSystem):
    """Logits ``identity`` and ``attribute/<name>``; the matching feature is pool5.

    Args:
        classes: K identities.
        attributes: attribute -> how many values it has.
    """

    def __init__(self, config: LrdnnConfig, *, classes: int, attributes: Mapping[str, int]) -> None:
        super().__init__()
        self.trunk = PooledTrunk(build_backbone(config.backbone))
        self.heads = PersonHeads(self.trunk.features, classes=classes, attributes=attributes)
        self.embedding_dim = self.trunk.features

    def forward(self, inputs: Inputs) -> Outputs:
        return Outputs(logits=self.heads(self.trunk.map(inputs.images)))

    def describe(self, inputs: Inputs) -> Tensor:
        described: Tensor = self.trunk(inputs.images)
        return described

    def shown_maps(self) -> Mapping[str, nn.Module]:
        """The backbone's map at each resolution."""
        return self.trunk.backbone.deepest()

    def inference_net(self) -> EmbeddingNet:
        """The trunk alone."""
        return EmbeddingNet(self.trunk)


class Lrdnn(EmbeddingSystem):
    """Logits as :class:`MainBranch`; maps ``confidence`` and ``affinity``, one a stage of the pose branch, while it learns.

    A frozen branch is not computed: while the fusion is frozen, heads on pool5 say who it is, and pool5 is matched; when it
    learns, heads on the fused feature do. A net remembers which it was with its weights.

    Args:
        classes: K identities.
        attributes: attribute -> how many values it has.
        learns_maps: some phase trains the pose branch, which takes key points.
    """

    fusion_waits: Tensor
    """int64 scalar: 1 = the fusion was frozen when the net last learnt."""

    def __init__(self, config: LrdnnConfig, *, classes: int, attributes: Mapping[str, int], learns_maps: bool = False) -> None:
        super().__init__()
        self._retrieval = config.retrieval
        self.branches = Branches(config)
        self.heads = PersonHeads(self.branches.widths["pool5"], classes=classes, attributes=attributes)
        self.fused_heads = PersonHeads(self.branches.widths["fused"], classes=classes, attributes=attributes)
        self.embedding_dim = self.branches.widths[config.retrieval]
        self.register_buffer("fusion_waits", torch.zeros((), dtype=torch.int64))
        drawn = config.maps_from == "keypoints"
        self.training_needs = frozenset({"keypoints"}) if drawn or learns_maps else frozenset()
        self.embedding_needs = frozenset({"keypoints"}) if drawn and config.retrieval != "pool5" else frozenset()

    def forward(self, inputs: Inputs) -> Outputs:
        fuses = self._fuses()
        learns_pose = isinstance(self.branches.pose, PoseNet) and self.branches.pose.training
        features = self.branches.trunk.map(inputs.images)
        stages = self.branches.pose_stages(inputs.images, inputs.keypoints) if fuses or learns_pose else ()
        if fuses:
            fused = self.branches.fusion(features, stages[-1])
            logits = self.fused_heads(fused[:, :, None, None])
        else:
            logits = self.heads(features)
        return Outputs(logits=logits, maps=_by_stream(stages) if learns_pose else {})

    def _fuses(self) -> bool:
        if not self.training:
            return not self.fusion_waits
        learns = self.branches.fusion.training
        self.fusion_waits.fill_(0 if learns else 1)
        return learns

    def describe(self, inputs: Inputs) -> Tensor:
        described: Tensor = (
            self.branches.trunk(inputs.images) if self.fusion_waits else self.branches(inputs.images, inputs.keypoints)
        )
        return described

    def shown_maps(self) -> Mapping[str, nn.Module]:
        """The main branch's map at each resolution; the last one is what is fused."""
        return self.branches.trunk.backbone.deepest()

    def activities(self, inputs: Inputs) -> dict[str, Tensor]:
        """Figure 4: the main branch's maps before the fusion, the pose branch's, and what both are joined to."""
        shown = super().activities(inputs)
        if self.fusion_waits or self._retrieval == "pool5":
            return shown
        shown.pop(self.branches.trunk.backbone.last)
        main, pose, fused = self.branches.activities(inputs.images, inputs.keypoints)
        return {**shown, "main branch": main, "pose branch": pose, "fused": fused}

    def inference_net(self) -> EmbeddingNet:
        """Both branches and their fusion, without Fourier transforms; the trunk alone where pool5 is matched."""
        if self.fusion_waits or self._retrieval == "pool5":
            return EmbeddingNet(self.branches.trunk)
        branches = copy.deepcopy(self.branches)
        branches.fusion.use_products()
        return EmbeddingNet(branches)


def _by_stream(stages: tuple[PoseMaps, ...]) -> dict[str, tuple[Tensor, ...]]:
    return {
        "confidence": tuple(stage.confidence for stage in stages),
        "affinity": tuple(stage.affinity for stage in stages),
    }
