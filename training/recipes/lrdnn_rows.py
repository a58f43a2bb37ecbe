"""The rows of LRDNN's Tables 3 and 4, and the scales that they can be trained at.

Every row goes through all three phases, so that all have the same budget; the paper's B and B+A end after the first and the
second. All are re-ranked.
"""

from __future__ import annotations

from collections.abc import Mapping

from training.recipes.lrdnn import CPU
from training.recipes.paper_rows import Figures, Overrides, PaperRow, by_name

__all__ = ["CPU", "DRAWN", "GPU", "ROWS", "TABLES", "scaled"]

_MAIN_ALONE: Overrides = {
    "system.streams": [],
    "phases.0.weights": {"identity": 1.0},
    "phases.0.frozen": ["heads.attributes"],
    "phases.1.frozen": [],
    "phases.2.frozen": [],
}
_IDENTITY_ALONE: Overrides = {
    **_MAIN_ALONE,
    "system.attributes": False,
    "phases.0.frozen": [],
    "phases.1.weights": {"identity": 1.0},
    "phases.2.weights": {"identity": 1.0},
}

ROWS: Mapping[str, PaperRow] = by_name(
    (
        PaperRow("b", _IDENTITY_ALONE, {"market1501": Figures(80.3, 69.8), "duke": Figures(74.1, 65.5)}, rerank=True),
        PaperRow("b_a", _MAIN_ALONE, {"market1501": Figures(87.2, 78.4), "duke": Figures(82.0, 70.6)}, "b", rerank=True),
        PaperRow(
            "b_a_h",
            {"system.streams": ["confidence"]},
            {"market1501": Figures(88.7, 80.1), "duke": Figures(81.4, 71.2)},
            "b_a",
            rerank=True,
        ),
        PaperRow(
            "b_a_c",
            {"system.streams": ["affinity"]},
            {"market1501": Figures(87.4, 79.6), "duke": Figures(79.7, 70.9)},
            "b_a",
            rerank=True,
        ),
        PaperRow("all", {}, {"market1501": Figures(90.4, 82.8), "duke": Figures(85.3, 73.2)}, "b_a", rerank=True),
        PaperRow(
            "without_cpb", {"system.fusion.channel_parse": False}, {"market1501": Figures(89.7, 81.5)}, "all", rerank=True
        ),
        PaperRow("all_met_pooled", {"system.fusion.meet": "pooled"}, {}, "all", rerank=True),
        PaperRow("all_by_both", {"system.retrieval": "both"}, {}, "all", weights_of="all", rerank=True),
        PaperRow("all_by_pool5", {"system.retrieval": "pool5"}, {}, "all", weights_of="all", rerank=True),
    )
)
"""The paper's, and three of ours on what the text leaves open."""

TABLES: Mapping[str, tuple[str, ...]] = {
    "table_3": ("b", "b_a", "b_a_h", "b_a_c", "all"),
    "table_4": ("all", "without_cpb"),
    "open_points": ("all", "all_met_pooled", "all_by_both", "all_by_pool5"),
}
"""The paper's tables by the rows that each holds, and a table of ours."""

DRAWN: Overrides = {"system.maps_from": "keypoints", "phases.0.weights": {"identity": 1.0}}
"""Pose maps drawn from the key points that come with the data, in training and at test; laid over a row and its scale."""

GPU: Overrides = {
    "system.pose.width": 0.5,
    "system.pose.batch_norm": True,
    "phases.0.epochs": 28,
    "phases.1.epochs": 17,
    "phases.2.epochs": 28,
    "phases.*.schedule.every": 0.28,
    "phases.*.optimiser.lr": 3.5e-4,
    "precision": {"bf16": True, "channels_last": True},
}
"""ResNet-50 at the paper's size, from scratch."""


def scaled(row: PaperRow, scale: Overrides) -> Overrides:
    """The row's overrides with the scale laid over them."""
    return {**row.overrides, **scale}
