"""What coarser arithmetic costs in the ranking of a whole set."""

from __future__ import annotations

import numpy as np

from sightline.models.session import OnnxSession
from sightline.ranking import evaluate_ranking, pairwise_distance
from sightline.types import Float32Array
from training.data.evaluation_set import EvaluationPart, EvaluationSet
from training.export.gate import MeanApDrop
from training.export.gate_data import Crops
from training.export.session_inputs import embeddings_of


def mean_ap_drop(plain: OnnxSession, coarse: OnnxSession, data: EvaluationSet) -> MeanApDrop:
    """mAP (Market-1501's protocol) by both nets. Blocking: each embeds the whole set.

    Raises:
        ModelError: a net cannot be run.
        ValueError: no query can be answered.
    """
    return MeanApDrop(data.name, 100 * _mean_ap(plain, data), 100 * _mean_ap(coarse, data))


def _mean_ap(session: OnnxSession, data: EvaluationSet) -> float:
    query, gallery = data.query, data.gallery
    distances = pairwise_distance(_embedded(session, query), _embedded(session, gallery))
    return evaluate_ranking(distances, query.pids, gallery.pids, query.camids, gallery.camids).mean_ap


def _embedded(session: OnnxSession, part: EvaluationPart) -> Float32Array:
    return np.concatenate([embeddings_of(session, Crops.of(inputs)) for inputs in part.batches()])
