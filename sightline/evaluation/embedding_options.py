"""How pictures become features, whatever the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EmbeddingOptions:
    """How to embed.

    Attributes:
        threads: that compute.
        flip: add the features of the mirrored pictures; None = what the model's makers say, else not.
        keypoints: a file of key points, for models that take them; None = ``keypoints.npz`` in one of the places.
        places: folders where that is looked for, the data's first.
        batch_size: pictures a run.
        skip_corrupt: leave out pictures that cannot be decoded.
    """

    threads: int
    flip: bool | None = None
    keypoints: Path | None = None
    places: tuple[Path, ...] = ()
    batch_size: int = 32
    skip_corrupt: bool = False
