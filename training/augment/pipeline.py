"""The augmentations that a config names, in their order; and what is done at test instead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sightline.errors import ConfigurationError
from training.augment.affine_move import AffineMove
from training.augment.area_crop import AreaCrop
from training.augment.augmentation import Augmentation
from training.augment.channel_gain import ChannelGain
from training.augment.colour_jitter import ColourJitter
from training.augment.cover import Cover
from training.augment.cut_off import CutOff
from training.augment.erasing import RandomErasing
from training.augment.flip import Flip
from training.augment.hide_pose import HidePose
from training.augment.pad_and_cut import PadAndCut, centre_cut
from training.augment.part_disturbance import PartDisturbance
from training.augment.resize import Resize
from training.augment.view import View
from training.config import AugmentConfig


class Pipeline:
    """Augmentations one after the other; an :class:`training.augment.augmentation.Augmentation` itself."""

    def __init__(self, steps: Sequence[Augmentation]) -> None:
        self.steps = tuple(steps)

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """The view after all of them."""
        for step in self.steps:
            view = step(view, rng)
        return view


def training_pipeline(config: AugmentConfig, size_hw: tuple[int, int]) -> Pipeline:
    """From a picture of any size to the net's, as the config says; what it does not ask for is no step.

    Raises:
        ConfigurationError: a range is not one, or ``resize_hw`` is smaller than the net's input.
    """
    _check(config, size_hw)
    before = config.resize_hw or size_hw
    moves = config.rotate > 0 or config.zoom != (1.0, 1.0) or config.stretch > 0 or config.shift > 0
    steps: list[tuple[bool, Augmentation]] = [
        (config.cut_off > 0, CutOff(config.cut_off)),
        (config.scale != (1.0, 1.0) or config.aspect is not None, AreaCrop(config.scale, config.aspect, before)),
        (not moves, Resize(before)),
        (moves, AffineMove(config.rotate, config.zoom, config.stretch, config.shift, before)),
        (config.pad > 0 or before != size_hw, PadAndCut(size_hw, config.pad)),
        (config.flip > 0, Flip(config.flip)),
        (config.colour_jitter > 0, ColourJitter(config.colour_jitter)),
        (config.channel_gain > 0, ChannelGain(config.channel_gain)),
        (config.cover > 0, Cover(config.cover)),
        (config.erase > 0, RandomErasing(config.erase, config.erase_with)),
        (config.part_disturbance > 0, PartDisturbance(config.part_disturbance)),
        (config.hide_pose > 0, HidePose(config.hide_pose)),
    ]
    return Pipeline([step for wanted, step in steps if wanted])


def at_test(view: View, config: AugmentConfig, size_hw: tuple[int, int]) -> View:
    """The whole picture stretched to the net's size; or to ``resize_hw``, and of that the middle."""
    return view.resized(size_hw) if config.resize_hw is None else centre_cut(view.resized(config.resize_hw), size_hw)


def _check(config: AugmentConfig, size_hw: tuple[int, int]) -> None:
    low, high = config.scale
    if not 0 < low <= high <= 1:
        raise ConfigurationError(f"augment.scale: expected 0 < from <= to <= 1, got {config.scale}")
    if not 0 < config.zoom[0] <= config.zoom[1]:
        raise ConfigurationError(f"augment.zoom: expected 0 < from <= to, got {config.zoom}")
    if config.aspect is not None and not 0 < config.aspect[0] <= config.aspect[1]:
        raise ConfigurationError(f"augment.aspect: expected 0 < from <= to, got {config.aspect}")
    if config.resize_hw is not None and (config.resize_hw[0] < size_hw[0] or config.resize_hw[1] < size_hw[1]):
        raise ConfigurationError(f"augment.resize_hw: expected at least the input's {size_hw}, got {config.resize_hw}")
