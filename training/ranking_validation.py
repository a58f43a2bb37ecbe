"""How well a re-identification system ranks a validation set while it is trained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import torch

from sightline.ranking import evaluate_ranking, pairwise_distance
from sightline.types import Int64Array
from training.batch import Inputs
from training.config import Precision
from training.embedding import embed_all
from training.nets.system import EmbeddingSystem, System
from training.validation import Figures


class Crowd(Protocol):
    """The queries or the gallery of a set."""

    @property
    def pids(self) -> Int64Array:
        """int64 (N,)."""
        ...

    @property
    def camids(self) -> Int64Array:
        """int64 (N,)."""
        ...

    def batches(self) -> Iterable[Inputs]:
        """Their pictures in order, some at a time."""
        ...


@dataclass(frozen=True, slots=True)
class RankingValidation:
    """Ranks a gallery for each query by the distance of their embeddings, in Market-1501's protocol.

    Attributes:
        query, gallery: of the set.
        flip: sum the embeddings of a picture and its mirror image.
        precision, device: how and where.
    """

    query: Crowd
    gallery: Crowd
    flip: bool
    precision: Precision
    device: torch.device

    def measure(self, system: System) -> Figures:
        """``rank1`` and ``mean_ap``, in [0, 1], over the queries. See :class:`training.validation.Validation`.

        Raises:
            ValueError: no query can be answered, or the system describes nobody.
        """
        if not isinstance(system, EmbeddingSystem):
            raise ValueError(f"expected a system that describes people, got {type(system).__name__}")
        query, gallery = (
            embed_all(system, crowd.batches(), flip=self.flip, precision=self.precision, device=self.device)
            for crowd in (self.query, self.gallery)
        )
        result = evaluate_ranking(
            pairwise_distance(query, gallery), self.query.pids, self.gallery.pids, self.query.camids, self.gallery.camids
        )
        return Figures("mean_ap", {"rank1": float(result.cmc[0]), "mean_ap": result.mean_ap}, result.queries)
