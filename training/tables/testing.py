"""A trained system on a test set: every figure that a table may show."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sightline.ranking import evaluate_ranking, pairwise_distance, precision_of, rerank
from sightline.ranking.distances import FloatArray
from training.data.evaluation_set import EvaluationSet
from training.embedding import embed_all
from training.embedding_recipe import EmbeddingRecipe
from training.nets.system import EmbeddingSystem
from training.tables.row_result import Ranked, SetFigures

_DRAWS = 20
"""Of the single-shot galleries, for each query."""


def figures_on(system: EmbeddingSystem, data: EvaluationSet, recipe: EmbeddingRecipe, device: torch.device) -> SetFigures:
    """The figures of a system on a set. The system is left on the device, in evaluation mode.

    Raises:
        ValueError: no query can be answered.
    """
    system.to(device)
    query, gallery = (
        embed_all(system, part.batches(), flip=recipe.test_flip, precision=recipe.precision, device=device)
        for part in (data.query, data.gallery)
    )
    return SetFigures(len(query), _ranked(data, pairwise_distance(query, gallery)), _ranked(data, rerank(query, gallery)))


def can_be_tested(system: EmbeddingSystem, data: EvaluationSet) -> bool:
    """Whether the set has queries, and key points where the system sees them (or part images, which are made of them)."""
    parts = (data.query, data.gallery)
    return all(len(part) and (not system.embedding_needs or part.samples.keypoints is not None) for part in parts)


def _ranked(data: EvaluationSet, distances: FloatArray) -> Ranked:
    labels = (data.query.pids, data.gallery.pids, data.query.camids, data.gallery.camids)
    whole = evaluate_ranking(distances, *labels)
    single_shot = evaluate_ranking(distances, *labels, protocol="cuhk03", rng=np.random.default_rng(0), repeats=_DRAWS)
    return Ranked(
        rank1=_percent(whole.cmc[0]),
        mean_ap=_percent(whole.mean_ap),
        mean_ap_interpolated=_percent(np.mean([precision_of(ranks, "interpolated") for ranks in whole.hit_ranks])),
        rank1_single_shot=_percent(single_shot.cmc[0]),
    )


def _percent(part: float | np.floating[Any]) -> float:
    """Rounded to what means anything by far, so that the files are short."""
    return round(100 * float(part), 3)
