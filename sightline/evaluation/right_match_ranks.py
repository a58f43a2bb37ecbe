"""How high all right matches of each query stand (Bai et al., "Deep-Person", figure 6), as numbers and as a picture.

rank-1 asks for the first right match only; a person who is looked for was seen several times, and the last of these counts too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sightline.evaluation.evaluating import Evaluation
from sightline.ranking import RankingResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOT_FILE, NUMBERS_FILE = "right_match_ranks.png", "right_match_ranks.json"
WITHIN = (1, 5, 10, 20, 50, 100)
_COLOURS = ("#0072b2", "#d55e00")
"""Of Okabe and Ito's palette, which the colour-blind can tell apart."""
_LATER_COLOUR, _FIRST_COLOUR = "#56b4e9", "#000000"
_WIDTH_IN, _HEIGHT_IN, _DPI = 10.0, 4.4, 150


def right_match_ranks(evaluation: Evaluation) -> dict[str, Any]:
    """The numbers, as plain data: of the ranking that was asked for, by query from the best average precision to the worst.

    ``within`` are the parts of all right matches that stand among the first so many.
    """
    result = evaluation.best.result
    queries = []
    for which in _best_first(result):
        picture = evaluation.queries.pictures[int(result.counted[which])]
        queries.append(
            {
                "query": picture.name,
                "person": picture.pid,
                "camera": picture.camid,
                "average_precision": float(result.average_precisions[which]),
                "ranks": [int(rank) for rank in result.hit_ranks[which]],
            }
        )
    ranks = np.concatenate(result.hit_ranks)
    return {
        "reranked": evaluation.reranked is not None,
        "gallery": len(evaluation.gallery.pictures),
        "right_matches": len(ranks),
        "median_rank": float(np.median(ranks)),
        "within": {str(first): float((ranks <= first).mean()) for first in WITHIN},
        "queries": queries,
    }


def write_right_match_ranks(evaluation: Evaluation, title: str, folder: Path) -> dict[str, Any]:
    """Write numbers and picture into a folder that exists; gives the numbers. matplotlib must be installed."""
    numbers = right_match_ranks(evaluation)
    (folder / NUMBERS_FILE).write_text(json.dumps(numbers, indent=1) + "\n")
    _draw(evaluation, title, folder / PLOT_FILE)
    return numbers


def _best_first(result: RankingResult) -> NDArray[np.int64]:
    """The counted queries by falling average precision."""
    return np.asarray(np.argsort(-result.average_precisions, kind="stable"), np.int64)


def _draw(evaluation: Evaluation, title: str, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH_IN, _HEIGHT_IN), dpi=_DPI, layout="constrained")
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    by_query, all_together = figure.subplots(1, 2, width_ratios=(3, 2))
    size = len(evaluation.gallery.pictures)
    results = {"plain": evaluation.plain.result}
    if evaluation.reranked is not None:
        results["re-ranked"] = evaluation.reranked.result
    _draw_by_query(by_query, evaluation.best.result, list(results)[-1], size)
    _draw_cumulative(all_together, results, size)
    figure.savefig(path)


def _draw_by_query(axes: Axes, result: RankingResult, ranking: str, gallery: int) -> None:
    ranks = [result.hit_ranks[which] for which in _best_first(result)]
    places = np.arange(1, len(ranks) + 1)
    later = np.concatenate([of_query[1:] for of_query in ranks])
    where = np.repeat(places, [len(of_query) - 1 for of_query in ranks])
    axes.scatter(where, later, s=7, color=_LATER_COLOUR, alpha=0.6, linewidths=0, label="the others")
    first = [int(of_query[0]) for of_query in ranks]
    axes.scatter(places, first, s=9, color=_FIRST_COLOUR, linewidths=0, label="first right match of the query")
    axes.set_xlabel("query, by falling average precision")
    axes.set_ylabel(f"rank in the gallery, {ranking} (1 = first)")
    axes.set_yscale("log")
    axes.set_ylim(gallery * 1.15, 0.85)  # the best on top
    axes.set_xlim(0, len(ranks) + 1)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, reverse=True, frameon=False, markerscale=2)
    _plain(axes)


def _draw_cumulative(axes: Axes, results: Mapping[str, RankingResult], gallery: int) -> None:
    for (name, result), colour in zip(results.items(), _COLOURS, strict=False):
        ranks = np.sort(np.concatenate(result.hit_ranks))
        found = 100 * np.arange(1, len(ranks) + 1) / len(ranks)
        label = f"{name}: half of them by rank {np.median(ranks):.0f}"
        axes.step(np.append(ranks, gallery), np.append(found, 100), where="post", color=colour, linewidth=2, label=label)
    axes.set_xscale("log")
    axes.set_xlim(1, gallery)
    axes.set_ylim(0, 101)
    axes.set_xlabel("rank in the gallery")
    axes.set_ylabel("right matches found up to there, %")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
    _plain(axes)


def _plain(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_formatter(lambda value, _place: f"{value:g}")
    axes.grid(visible=True, color="#dfe3ea", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
