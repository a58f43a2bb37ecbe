"""How well a gallery is ranked: distances, CMC and mAP in their variants, multi-query, k-reciprocal re-ranking."""

from sightline.ranking.answer_key import JUNK_PID
from sightline.ranking.average_precision import VARIANTS, AveragePrecision, precision_of
from sightline.ranking.distances import Metric, pairwise_distance
from sightline.ranking.multi_query import Pooling, pool_queries
from sightline.ranking.reranking import rerank
from sightline.ranking.scoring import Protocol, RankingResult, evaluate_ranking

__all__ = [
    "JUNK_PID",
    "VARIANTS",
    "AveragePrecision",
    "Metric",
    "Pooling",
    "Protocol",
    "RankingResult",
    "evaluate_ranking",
    "pairwise_distance",
    "pool_queries",
    "precision_of",
    "rerank",
]
