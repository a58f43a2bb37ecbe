"""The local branch of DJL: what each body part looks like, at one or several levels (section 3.3)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from sightline.errors import ConfigurationError
from sightline.skeleton import indices
from training.naming import suggestion
from training.nets.backbones.backbone import Backbone
from training.nets.djl.config import DjlConfig
from training.nets.djl.part_descriptor import PartDescriptor
from training.nets.djl.part_weights import PartWeights
from training.nets.roi import Windows, part_windows

PARTS = (
    "right_shoulder", "left_shoulder", "right_elbow", "left_elbow", "right_hip",
    "left_hip", "right_knee", "left_knee", "right_ankle", "left_ankle",
)  # fmt: skip
"""The ten parts in the order of Table 12: neither head nor neck nor wrists (section 3.1)."""


class LocalBranch(nn.Module):
    """A module on each of the configured layers, side by side: one is DJL-S, three are DJL-HFA.

    Attributes:
        features: of FC_local, all modules' descriptors together.
        descriptors: layer -> its module.
        part_weights: layer -> :class:`PartWeights` of its module, or nothing that weighs. In one place, so that they can learn
            at a rate of their own.

    Raises:
        ConfigurationError: the backbone has no such layer.
    """

    def __init__(self, backbone: Backbone, config: DjlConfig) -> None:
        super().__init__()
        self._joints = indices(PARTS)
        self._window = config.window
        self.features = config.descriptor * len(config.modules)
        for module in config.modules:
            if module.layer not in backbone.channels:
                raise ConfigurationError(
                    f"the backbone has no layer {module.layer!r}: {suggestion(module.layer, backbone.channels)}"
                )
        self.descriptors = nn.ModuleDict(
            {
                module.layer: PartDescriptor(
                    backbone.channels[module.layer], parts=len(PARTS), grid_hw=module.grid_hw, config=config
                )
                for module in config.modules
            }
        )
        self.part_weights = nn.ModuleDict({module.layer: _reweighting(config) for module in config.modules})

    def forward(self, maps: Mapping[str, Tensor], keypoints: Tensor) -> Tensor:
        """FC_local.

        Args:
            maps: layer -> its output (N, C, H, W).
            keypoints: (N, J, 3): x, y in [0, 1] of the picture, confidence; 0 = invisible.

        Returns:
            (N, features).
        """
        windows = self.windows(keypoints)
        described = [
            descriptor(maps[layer], windows, self.part_weights[layer]) for layer, descriptor in self.descriptors.items()
        ]
        return torch.cat(described, dim=1)

    def windows(self, keypoints: Tensor) -> Windows:
        """The ten part windows of N people, (N, J, 3) -> N x 10."""
        return part_windows(keypoints, self._joints, self._window)


def _reweighting(config: DjlConfig) -> nn.Module:
    return PartWeights(len(PARTS), initial=config.initial_weight) if config.reweighting else nn.Identity()
