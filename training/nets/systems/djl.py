"""DJL, "Deep Joint Learning" (papers: DJL-S, DJL-HFA): a global branch, and a local one that pools around body parts.

The base network gives the global feature (section 3.2). Modules of the local branch pool ten part windows of its middle maps
(sections 3.3.1, 3.3.2), each part weighed (3.3.3). Three softmax heads learn from the global, the local and the hybrid
feature together; the hybrid, FC_local beside FC7, is matched. In the local branch's place there may be PIE's PoseBox (Table 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.batch import Inputs
from training.nets.backbones.backbone import Backbone
from training.nets.backbones.build import build_backbone
from training.nets.djl.config import DjlConfig
from training.nets.djl.global_feature import global_feature
from training.nets.djl.local_branch import PARTS, LocalBranch
from training.nets.djl.part_weights import PartWeights
from training.nets.djl.pose_box_branch import PoseBoxBranch
from training.nets.embedding_net import EmbeddingNet
from training.nets.heads.classifier import Classifier
from training.nets.normalise import Normalise
from training.nets.roi import Windows
from training.nets.system import EmbeddingSystem, Outputs


@dataclass(frozen=True, slots=True)
class Features:
    """What DJL sees of N people.

    Attributes:
        whole: FC7 (Pool5 of ResNet-50): (N, D).
        parts: FC_local: (N, L); None where it was not computed.
    """

    whole: Tensor
    parts: Tensor | None

    @property
    def hybrid(self) -> Tensor:
        """FC_local beside FC7: (N, L + D)."""
        assert self.parts is not None, "the hybrid feature was asked for without the local branch"
        return torch.cat([self.parts, self.whole], dim=1)


class DjlDescriptor(nn.Module):
    """Base network and local branch, without the classifiers.

    Attributes:
        widths: of the global, local and hybrid feature.

    Raises:
        ConfigurationError: the backbone lacks a pooled layer, or its checkpoint does not fit.
    """

    def __init__(self, config: DjlConfig) -> None:
        super().__init__()
        self._feature = config.feature
        self.normalise = Normalise()
        self.base = build_backbone(config.backbone)
        self.whole, width = global_feature(config.backbone, self.base)
        self.local = _parts(self.base, config)
        local = self.local.features if self.local is not None else 0
        self.widths = {"global": width, "local": local, "hybrid": local + width}

    def forward(self, images: Tensor, keypoints: Tensor | None = None) -> Tensor:
        """uint8 (N, 3, H, W) and key points (N, J, 3) -> the matching feature."""
        features = self.features(images, keypoints, with_parts=self._feature != "global")
        if self._feature == "global":
            return features.whole
        if self._feature == "hybrid":
            return features.hybrid
        assert features.parts is not None, "computed for every feature but the global one"
        return features.parts

    def features(self, images: Tensor, keypoints: Tensor | None, *, with_parts: bool) -> Features:
        """Both features; raises ValueError where parts are asked for and there are no key points."""
        normal = self.normalise(images)
        maps = self.base(normal)
        whole = self.whole(maps[self.base.last])
        if not with_parts or self.local is None:
            return Features(whole, None)
        if keypoints is None:
            raise ValueError("pooling around body parts needs key points, and the inputs hold none")
        return Features(whole, self.local(maps if isinstance(self.local, LocalBranch) else normal, keypoints))


def _parts(base: Backbone, config: DjlConfig) -> LocalBranch | PoseBoxBranch | None:
    if config.pose_box:
        return PoseBoxBranch(config)
    return LocalBranch(base, config) if config.modules else None


class Djl(EmbeddingSystem):
    """Logits ``global``, ``local``, ``hybrid``; features of the same names.

    While the local branch is frozen (the base phase) it is not computed: there is ``global`` alone.

    Args:
        classes: K identities.

    Raises:
        ConfigurationError: as :class:`DjlDescriptor`.
    """

    def __init__(self, config: DjlConfig, *, classes: int) -> None:
        super().__init__()
        self.descriptor = DjlDescriptor(config)
        self.embedding_dim = self.descriptor.widths[config.feature]
        heads = ("global", "local", "hybrid") if config.has_parts else ("global",)
        self.classifiers = nn.ModuleDict({head: Classifier(self.descriptor.widths[head], classes) for head in heads})
        self.training_needs = frozenset({"keypoints"}) if config.has_parts else frozenset()
        self.embedding_needs = frozenset({"keypoints"}) if config.feature != "global" else frozenset()

    def forward(self, inputs: Inputs) -> Outputs:
        local = self.descriptor.local
        frozen = local is not None and self.training and not local.training
        found = self.descriptor.features(inputs.images, inputs.keypoints, with_parts=not frozen)
        features = {"global": found.whole}
        if found.parts is not None:
            features |= {"local": found.parts, "hybrid": found.hybrid}
        return Outputs({name: self.classifiers[name](value) for name, value in features.items()}, features)

    def describe(self, inputs: Inputs) -> Tensor:
        described: Tensor = self.descriptor(inputs.images, inputs.keypoints)
        return described

    def shown_maps(self) -> Mapping[str, nn.Module]:
        """The maps that the local branch pools, and the base network's last (figure 5)."""
        base, local = self.descriptor.base, self.descriptor.local
        shown = {base.last, *(local.descriptors if isinstance(local, LocalBranch) else ())}
        return {name: base.stages[name] for name in base.names if name in shown}

    def windows(self, inputs: Inputs) -> Windows | None:
        """The ten part windows, where the local branch is matched."""
        local = self.descriptor.local
        if not isinstance(local, LocalBranch) or inputs.keypoints is None or not self.embedding_needs:
            return None
        return local.windows(inputs.keypoints)

    def inference_net(self) -> EmbeddingNet:
        """Without the classifiers."""
        return EmbeddingNet(self.descriptor)

    def part_weights(self) -> dict[str, dict[str, float]]:
        """What RRW learned: layer -> part -> weight (Table 12); no layer without re-weighting."""
        if not isinstance(self.descriptor.local, LocalBranch):
            return {}
        return {
            layer: dict(zip(PARTS, module.weight.tolist(), strict=True))
            for layer, module in self.descriptor.local.part_weights.items()
            if isinstance(module, PartWeights)
        }
