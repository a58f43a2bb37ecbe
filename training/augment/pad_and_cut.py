"""The random crop of a fixed size, out of a picture that is larger or was padded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.augment.view import View


@dataclass(frozen=True, slots=True)
class PadAndCut:
    """``pad`` pixels of the mean colour on each side, then a window of ``size_hw`` at a random place.

    Raises:
        ValueError: (when called) the padded picture is smaller than the window.
    """

    size_hw: tuple[int, int]
    pad: int = 0

    def __call__(self, view: View, rng: np.random.Generator) -> View:
        """See :class:`training.augment.augmentation.Augmentation`."""
        padded = view.padded(self.pad) if self.pad else view
        spare_h, spare_w = (has - wants for has, wants in zip(padded.size_hw, self.size_hw, strict=True))
        if spare_h < 0 or spare_w < 0:
            raise ValueError(f"expected a picture of at least {self.size_hw}, got {padded.size_hw}")
        top, left = rng.integers(spare_h + 1), rng.integers(spare_w + 1)
        return padded.cut(int(left), int(top), self.size_hw)


def centre_cut(view: View, size_hw: tuple[int, int]) -> View:
    """The window in the middle: what :class:`PadAndCut` is at test.

    Raises:
        ValueError: the picture is smaller than the window.
    """
    spare_h, spare_w = (has - wants for has, wants in zip(view.size_hw, size_hw, strict=True))
    if spare_h < 0 or spare_w < 0:
        raise ValueError(f"expected a picture of at least {size_hw}, got {view.size_hw}")
    return view.cut(spare_w // 2, spare_h // 2, size_hw)
