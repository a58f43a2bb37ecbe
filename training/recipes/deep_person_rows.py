"""The rows of Deep-Person's Tables 2, 4, 6 and 7, and the scales that they can be trained at.

Every row goes through both phases, so that all have the same budget; rows without the triplet train their softmaxes in both.
The paper's re-ranked figure is an mAP alone, 90.84, and its multi-query figures are 94.48 / 85.09: other ways of evaluating
``all``.
"""

from __future__ import annotations

from collections.abc import Mapping

from training.recipes.deep_person import CPU
from training.recipes.paper_rows import Figures, Overrides, PaperRow, by_name

__all__ = ["CPU", "GPU", "ROWS", "TABLES", "scaled"]


def _learning(*terms: str) -> Overrides:
    """These terms from the start: of rows that lack the triplet, or all but it."""
    weights = dict.fromkeys(terms, 1.0)
    return {"phases.0.weights": weights, "phases.0.frozen": [], "phases.1.weights": weights}


_BOTH: Overrides = _learning("part", "global")

ROWS: Mapping[str, PaperRow] = by_name(
    (
        PaperRow("global", {"system.part": "none", **_learning("global")}, {"market1501": Figures(85.33, 64.71)}),
        PaperRow(
            "part_without_lstm",
            {"system.part": "slices", "system.whole": False, **_learning("part")},
            {"market1501": Figures(82.39, 60.75)},
            "global",
        ),
        PaperRow("both_without_lstm", {"system.part": "slices", **_BOTH}, {"market1501": Figures(86.49, 66.74)}, "global"),
        PaperRow("both", _BOTH, {"market1501": Figures(87.74, 69.82)}, "both_without_lstm"),
        PaperRow(
            "triplet",
            {"system.part": "none", "system.whole": False, **_learning("triplet")},
            {"market1501": Figures(81.29, 63.51)},
            "global",
        ),
        PaperRow(
            "identification_triplet",
            {"system.part": "none", "phases.1.weights": {"triplet": 1.0, "global": 1.0}},
            {"market1501": Figures(88.45, 72.96)},
            "global",
        ),
        PaperRow(
            "all",
            {},
            {"market1501": Figures(92.31, 79.58), "duke": Figures(80.90, 64.80), "cuhk03": Figures(89.4)},
            "global",
        ),
        PaperRow("all_reranked", {}, {}, "all", weights_of="all", rerank=True),
        PaperRow(
            "both_concatenated",
            {"system.descriptor": "concatenated", **_BOTH},
            {"market1501": Figures(84.65, 67.00)},
            "both",
            weights_of="both",
        ),
        PaperRow("all_mirrored", {"test_flip": True}, {}, "all", weights_of="all"),
        PaperRow("all_from_the_start", _learning("triplet", "part", "global"), {}, "all"),
    )
)
"""The paper's, and two of ours: picture and mirror image added at test, and no phase of the triplet alone.

CUHK03 is on detected boxes; 91.5 on labelled ones.
"""

TABLES: Mapping[str, tuple[str, ...]] = {
    "table_2": ("all", "all_reranked"),
    "table_4": ("global", "part_without_lstm", "both_without_lstm", "both"),
    "table_6": ("global", "triplet", "identification_triplet"),
    "table_7": ("both", "both_concatenated"),
    "open_points": ("all", "all_mirrored", "all_from_the_start"),
}
"""The paper's tables by the rows that each holds, and a table of ours. Table 6 calls ``global`` the identification loss."""

GPU: Overrides = {
    "phases.0.epochs": 24,
    "phases.1.epochs": 96,
    "phases.1.schedule.start": 56,
    "phases.1.schedule.every": 40,
    "precision": {"bf16": True, "channels_last": True},
}
"""ResNet-50 at the paper's size, from scratch, four fifths of the epochs."""


def scaled(row: PaperRow, scale: Overrides) -> Overrides:
    """The row's overrides with the scale laid over them."""
    return {**row.overrides, **scale}
