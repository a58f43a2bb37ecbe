"""How well a system ranks a validation set while it is trained."""

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
from training.nets.system import System


@dataclass(frozen=True, slots=True)
class RankingFigures:
    """rank-1 and mAP, in [0, 1], over ``queries`` queries."""

    rank1: float
    mean_ap: float
    queries: int


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
class Validation:
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

    def rank(self, system: System) -> RankingFigures:
        """The figures of a system, which is left in evaluation mode.

        Raises:
            ValueError: no query can be answered.
        """
        query, gallery = (
            embed_all(system, crowd.batches(), flip=self.flip, precision=self.precision, device=self.device)
            for crowd in (self.query, self.gallery)
        )
        result = evaluate_ranking(
            pairwise_distance(query, gallery), self.query.pids, self.gallery.pids, self.query.camids, self.gallery.camids
        )
        return RankingFigures(float(result.cmc[0]), result.mean_ap, result.queries)
