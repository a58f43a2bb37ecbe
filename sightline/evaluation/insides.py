"""What a net looks at, for the pictures of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sightline.evaluation.market_layout import LabelledPicture
from sightline.types import Float32Array, UInt8Array


@dataclass(frozen=True, slots=True, eq=False)
class LookedAt:
    """One picture, and what a net makes of it.

    Attributes:
        pixels: uint8 RGB (H, W, 3), as the net sees it.
        activities: label -> float32 (h, w): how strongly each cell of a map over the whole picture answers, 0 and more.
        windows_xyxy: float32 (P, 4): where the net looks apart, corners in [0, 1] of the picture; P may be 0.
    """

    pixels: UInt8Array
    activities: Mapping[str, Float32Array]
    windows_xyxy: Float32Array


class Insides(Protocol):
    """A model that can be looked into."""

    def look(self, pictures: Sequence[LabelledPicture]) -> list[LookedAt]:
        """What it makes of pictures that can be decoded; blocking.

        Raises:
            ConfigurationError: one cannot be decoded.
        """
        ...

    def part_weights(self) -> Mapping[str, Mapping[str, float]]:
        """How much it has learnt to count each body part: layer -> part -> weight; empty where it learns no such thing."""
        ...
