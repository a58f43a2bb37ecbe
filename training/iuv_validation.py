"""How good a net's dense coordinates are on people who are held out, while it is trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from sightline.evaluation.dense_figures import dense_figures
from sightline.types import DenseCoordinates, UInt8Array
from training.augment.iuv_resize import resized_iuv
from training.data.samples import Samples, dense_coordinates
from training.nets.system import System
from training.validation import Figures

_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class IuvValidation:
    """People with exact coordinates, as the stream would cut them out.

    Attributes:
        samples: at least one, with maps.
        crop_hw: height and width to which they are stretched, pixels.
        device: where the net computes.
    """

    samples: Samples
    crop_hw: tuple[int, int]
    device: torch.device

    def measure(self, system: System) -> Figures:
        """See :class:`training.validation.Validation`; ``part_iou`` is the main figure."""
        net = system.eval().inference_net()
        got = self._predicted(net)
        assert self.samples.iuv is not None, "as the class says"
        wanted = np.stack([resized_iuv(iuv, (got.part.shape[1], got.part.shape[2])) for iuv in self.samples.iuv])
        found = dense_figures(dense_coordinates(wanted), got)
        names = ("part_iou", "background_iou", "person_iou", "u_error", "v_error")
        return Figures("part_iou", {name: getattr(found, name) for name in names}, found.crops)

    @torch.no_grad()
    def _predicted(self, net: nn.Module) -> DenseCoordinates:
        found = []
        for start in range(0, len(self.samples), _BATCH):
            rows = range(start, min(start + _BATCH, len(self.samples)))
            images = torch.from_numpy(np.stack([self._crop(row) for row in rows])).to(self.device)
            found.append([each.cpu().numpy() for each in net(images)])
        part, u, v = (np.concatenate(each) for each in zip(*found, strict=True))
        return DenseCoordinates(part, u, v)

    def _crop(self, row: int) -> UInt8Array:
        """uint8 (3, h, w)."""
        return np.ascontiguousarray(self.samples.view(row).resized(self.crop_hw).image.transpose(2, 0, 1))
