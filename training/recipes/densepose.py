"""Dense coordinates of crops, by a net small enough for a processor (losses: DensePose, Guler et al., CVPR 2018)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field

from training.config import AugmentConfig, OneCycle, OptimiserConfig, Phase, Precision, Shuffled
from training.data.config import DataConfig
from training.data.finding import Report, silent
from training.data.iuv.opening import open_iuv_data
from training.feed import Opened
from training.iuv_validation import IuvValidation
from training.losses.iuv import CoordinateLoss, PartLoss
from training.losses.term import LossTerm
from training.nets.iuv.config import IuvConfig
from training.nets.systems.iuv import IuvSystem
from training.recipe import DataFacts, Recipe


class DenseposeRecipe(Recipe):
    """Synthetic people with exact coordinates, and real ones with the body model's: see :mod:`training.data.iuv.opening`.

    Attributes:
        system: what the net is made of.
        crop_hw: height and width of the crops that the exported model takes; ``size_hw`` is that of the training samples.
        exact_repeats: how many times people with exact coordinates go by in an epoch, those with fitted ones once.
    """

    name: str = "densepose"
    size_hw: tuple[int, int] = (128, 64)
    crop_hw: tuple[int, int] = (256, 128)
    system: IuvConfig = IuvConfig()
    exact_repeats: int = Field(default=2, ge=1)
    augment: AugmentConfig = AugmentConfig(scale=(0.7, 1.0), pad=4, flip=0.5, colour_jitter=0.2, channel_gain=0.2)
    phases: tuple[Phase, ...] = (
        Phase(
            name="maps",
            epochs=8,
            weights={"part": 1.0, "coordinates": 1.0},
            optimiser=OptimiserConfig(kind="adamw", lr=2e-3, weight_decay=1e-2),
            schedule=OneCycle(),
            sampling=Shuffled(batch_size=8),
        ),
    )
    clip_norm: float | None = 5.0
    precision: Precision = Precision(channels_last=True)

    def build(self, facts: DataFacts) -> IuvSystem:
        del facts
        return IuvSystem(self.system)

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        del facts
        return {"part": PartLoss(), "coordinates": CoordinateLoss()}

    def open(self, data: DataConfig, *, device: torch.device, report: Report = silent) -> Opened:
        """People with maps; those of the first set who are held out are what the run is judged by."""
        opened = open_iuv_data(
            data, size_hw=self.size_hw, augment=self.augment, exact_repeats=self.exact_repeats, report=report
        )
        held_out = opened.held_out
        return Opened(opened.training, IuvValidation(held_out, self.crop_hw, device) if len(held_out) else None)
