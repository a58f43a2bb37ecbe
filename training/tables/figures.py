"""From results of single runs to what a page shows: means over seeds, steps from a baseline, and the paper's beside them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.recipes.paper_rows import Benchmark, Figures, PaperRow, published_step
from training.tables.paper_table import PaperTable
from training.tables.row_result import Ranked, RowResult

_BENCHMARKS: Mapping[str, Benchmark] = {"Market-1501": "market1501", "DukeMTMC": "duke", "CUHK03": "cuhk03", "CUHK01": "cuhk01"}
"""Beginning of a data set's name -> the benchmark whose published figures stand beside ours."""


@dataclass(frozen=True, slots=True)
class Mean:
    """Over seeds: the mean figures, and the standard deviation of each; None with one seed."""

    figures: Figures
    spread: Figures | None


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the page.

    Attributes:
        row: of the paper's table.
        seeds: that were trained.
        ours: mean over them.
        step: ours minus the baseline's, seed by seed; None = there is no baseline, or it has none of these seeds.
        paper, paper_step: as printed; None = not printed.
        minutes: of training, the mean; 0 = weights of another row.
    """

    row: PaperRow
    seeds: tuple[int, ...]
    ours: Mean
    step: Mean | None
    paper: Figures | None
    paper_step: Figures | None
    minutes: float


def benchmark_of(data_set: str) -> Benchmark | None:
    """Whose published figures a data set's are set beside; None = nobody's."""
    return next((benchmark for prefix, benchmark in _BENCHMARKS.items() if data_set.startswith(prefix)), None)


def shown_rows(table: PaperTable, results: Sequence[RowResult]) -> list[ShownRow]:
    """The rows that have results, in the order of the paper's; ``results`` are all of one training set, tested on it."""
    of_row: dict[str, dict[int, Figures]] = {}
    minutes: dict[str, list[float]] = {}
    for result in results:
        of_row.setdefault(result.row, {})[result.seed] = figures_of(table, result)
        minutes.setdefault(result.row, []).append(result.seconds / 60)
    benchmark = benchmark_of(results[0].trained_on) if results else None
    shown = []
    for name, row in table.rows.items():
        if name in of_row:
            paper = row.published.get(benchmark) if benchmark else None
            paper_step = published_step(table.rows, name, benchmark) if benchmark else None
            step = _step(of_row[name], of_row.get(row.baseline or "", {}))
            took = 0.0 if row.weights_of else statistics.mean(minutes[name])
            shown.append(ShownRow(row, tuple(sorted(of_row[name])), _mean(of_row[name]), step, paper, paper_step, took))
    return shown


def figures_of(table: PaperTable, result: RowResult) -> Figures:
    """A result on the set that it was trained on, as the paper has it: which mAP, re-ranked or not, single-shot or not."""
    tested = result.tested[result.trained_on]
    ranked: Ranked = tested.reranked if table.rows[result.row].rerank else tested.plain
    if benchmark_of(result.trained_on) == "cuhk03":
        return Figures(ranked.rank1_single_shot)
    return Figures(ranked.rank1, ranked.mean_ap_interpolated if table.average_precision == "interpolated" else ranked.mean_ap)


def _step(own: Mapping[int, Figures], baseline: Mapping[int, Figures]) -> Mean | None:
    common = {seed: figures.minus(baseline[seed]) for seed, figures in own.items() if seed in baseline}
    return _mean(common) if common else None


def _mean(of_seed: Mapping[int, Figures]) -> Mean:
    rank1 = [figures.rank1 for figures in of_seed.values()]
    mean_ap = [figures.mean_ap for figures in of_seed.values() if figures.mean_ap is not None]
    figures = Figures(statistics.mean(rank1), statistics.mean(mean_ap) if mean_ap else None)
    if len(of_seed) == 1:
        return Mean(figures, None)
    return Mean(figures, Figures(statistics.stdev(rank1), statistics.stdev(mean_ap) if mean_ap else None))
