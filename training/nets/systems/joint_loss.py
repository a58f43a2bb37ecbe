"""The system of "Person Re-identification with Joint-loss" (Liu et al.): the whole person beside head, trunk and lower limbs.

The backbone of Table I gives the global feature. Three branches leave it behind conv4_x, each with the window of a region and
a trunk like the backbone's from conv5_x on (section III-B, Table II). The 256 ++ 64 ++ 128 ++ 128 features are the person: the
softmax loss is taken of their classes, the triplet loss of themselves, and they are matched.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from sightline.errors import ConfigurationError
from training.batch import Inputs
from training.naming import suggestion
from training.nets.backbones.build import build_backbone
from training.nets.embedding_net import EmbeddingNet
from training.nets.heads.classifier import Classifier
from training.nets.heads.fully_connected import fully_connected
from training.nets.joint_loss.config import JointLossConfig
from training.nets.joint_loss.region_branch import RegionBranch
from training.nets.joint_loss.regions import landmark_regions, stripes
from training.nets.normalise import Normalise
from training.nets.roi import Windows
from training.nets.system import EmbeddingSystem, Outputs


class JointLossDescriptor(nn.Module):
    """Backbone and branches, without the classifier.

    Attributes:
        tap: the stage that the branches pool.
        features: D of the joined feature.

    Raises:
        ConfigurationError: the backbone has no stage to tap by that name, or none behind it.
    """

    def __init__(self, config: JointLossConfig) -> None:
        super().__init__()
        self._by_landmarks = config.regions == "landmarks"
        self.normalise = Normalise()
        self.backbone = build_backbone(config.backbone)
        self._before, self._behind = _split(self.backbone.names, config.tap)
        self.tap = config.tap
        self.reduce = fully_connected(self.backbone.channels[self.backbone.last], config.features)
        self.branches = nn.ModuleDict(
            {
                name: RegionBranch(config, branch, channels=self.backbone.channels[config.tap])
                for name, branch in config.branches.items()
            }
        )
        self.features = config.features + sum(branch.features for branch in config.branches.values())

    def forward(self, images: Tensor, keypoints: Tensor | None = None) -> Tensor:
        """uint8 (N, 3, H, W) and key points (N, J, 3) -> global ++ head ++ trunk ++ lower limb: (N, features)."""
        shared = self.backbone.run(self.normalise(images), self._before)[self.tap]
        last = self.backbone.run(shared, self._behind)[self.backbone.last]
        described: list[Tensor] = [self.reduce(last.mean(dim=(2, 3)))]
        if self.branches:
            windows = self.windows(images, keypoints)
            for index, branch in enumerate(self.branches.values()):
                one = slice(index, index + 1)
                described.append(branch(shared, Windows(windows.xyxy[:, one], windows.visible[:, one])))
        return torch.cat(described, dim=1)

    def windows(self, images: Tensor, keypoints: Tensor | None) -> Windows:
        """The regions of each person: N x 3; raises ValueError where they are by landmarks and there are none."""
        if not self._by_landmarks:
            return stripes(images)
        if keypoints is None:
            raise ValueError("regions by landmarks need key points, and the inputs hold none")
        return landmark_regions(keypoints)


class JointLossNet(EmbeddingSystem):
    """Logits ``identity``, feature ``joined``.

    Args:
        classes: K identities.

    Raises:
        ConfigurationError: as :class:`JointLossDescriptor`.
    """

    def __init__(self, config: JointLossConfig, *, classes: int) -> None:
        super().__init__()
        self.descriptor = JointLossDescriptor(config)
        self.embedding_dim = self.descriptor.features
        self.classifier = Classifier(self.embedding_dim, classes, dropout=config.dropout)
        self.training_needs = frozenset({"keypoints"}) if config.regions == "landmarks" else frozenset()
        self.embedding_needs = self.training_needs

    def forward(self, inputs: Inputs) -> Outputs:
        joined = self.describe(inputs)
        return Outputs(logits={"identity": self.classifier(joined)}, features={"joined": joined})

    def describe(self, inputs: Inputs) -> Tensor:
        described: Tensor = self.descriptor(inputs.images, inputs.keypoints)
        return described

    def shown_maps(self) -> Mapping[str, nn.Module]:
        """The backbone's map at each resolution, and the one that the branches share."""
        backbone = self.descriptor.backbone
        shown = {**backbone.deepest(), self.descriptor.tap: backbone.stages[self.descriptor.tap]}
        return {name: shown[name] for name in backbone.names if name in shown}

    def windows(self, inputs: Inputs) -> Windows | None:
        """Head, trunk and lower limbs, in the order of the branches."""
        return self.descriptor.windows(inputs.images, inputs.keypoints) if self.descriptor.branches else None

    def inference_net(self) -> EmbeddingNet:
        """Without the classifier."""
        return EmbeddingNet(self.descriptor)


def _split(names: tuple[str, ...], tap: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The stages up to and with the tap, and those behind it."""
    if tap not in names[:-1]:
        raise ConfigurationError(f"no branch can leave at {tap!r}: {suggestion(tap, names[:-1])}")
    index = names.index(tap) + 1
    return names[:index], names[index:]
