"""From results of runs to means, spreads and steps."""

from __future__ import annotations

import statistics

import pytest

from training.recipes.paper_rows import Figures, PaperRow
from training.tables.figures import benchmark_of, figures_of, shown_rows
from training.tables.paper_table import PaperTable
from training.tables.row_result import Ranked, RowResult, SetFigures

ROWS = {
    "plain": PaperRow("plain", published={"market1501": Figures(70.0, 50.0), "cuhk03": Figures(60.0)}),
    "parts": PaperRow("parts", {}, {"market1501": Figures(75.0, 58.0), "cuhk03": Figures(62.5)}, "plain"),
    "reranked": PaperRow("reranked", {}, {}, "parts", weights_of="parts", rerank=True),
    "never": PaperRow("never", {}, {"market1501": Figures(1.0, 1.0)}, "plain"),
}
TABLE = PaperTable("paper", "A paper", ROWS, {})


def result(row: str, rank1: float, mean_ap: float, *, seed: int = 0, trained_on: str = "Market-1501-dev") -> RowResult:
    plain = Ranked(rank1, mean_ap, mean_ap + 1, rank1 - 10)
    tested = {trained_on: SetFigures(7, plain, Ranked(rank1 + 2, mean_ap + 12, mean_ap + 13, rank1 - 5))}
    return RowResult(row, seed, trained_on, tested, 3, 1_000_000, 120.0, "a processor", "abc")


def test_steps_are_taken_seed_by_seed_and_averaged() -> None:
    results = [
        result("plain", 50, 30), result("plain", 54, 31, seed=1), result("plain", 90, 90, seed=2),
        result("parts", 57, 34), result("parts", 55, 39, seed=1),
    ]  # fmt: skip
    plain, parts = shown_rows(TABLE, results)
    assert plain.ours.figures == Figures(statistics.mean([50, 54, 90]), statistics.mean([30, 31, 90]))
    assert (plain.step, plain.seeds, parts.seeds) == (None, (0, 1, 2), (0, 1))
    assert parts.step is not None
    assert parts.step.figures == Figures(4.0, 6.0)  # (7 + 1) / 2, (4 + 8) / 2: seed 2 has no pair
    assert parts.step.spread is not None
    assert parts.step.spread.rank1 == pytest.approx(18**0.5)
    assert parts.step.spread.mean_ap == pytest.approx(8**0.5)
    assert (parts.paper, parts.paper_step) == (Figures(75.0, 58.0), Figures(5.0, 8.0))
    assert parts.minutes == 2.0


def test_one_seed_has_no_spread_and_a_lone_row_no_step() -> None:
    (parts,) = shown_rows(TABLE, [result("parts", 57, 34)])
    assert (parts.step, parts.ours.spread, parts.ours.figures) == (None, None, Figures(57, 34))


def test_a_reranked_row_shows_what_reranking_gave_and_took_no_training() -> None:
    parts, reranked = shown_rows(TABLE, [result("parts", 57, 34), result("reranked", 57, 34)])
    assert reranked.ours.figures == Figures(59, 46)
    assert reranked.step is not None
    assert reranked.step.figures == Figures(2, 12)
    assert (parts.minutes, reranked.minutes) == (2.0, 0.0)


def test_cuhk03_is_compared_in_its_single_shot_protocol() -> None:
    (plain,) = shown_rows(TABLE, [result("plain", 50, 30, trained_on="CUHK03-dev")])
    assert (plain.ours.figures, plain.paper) == (Figures(40), Figures(60.0))


def test_the_papers_variant_of_map_is_shown() -> None:
    interpolated = PaperTable("paper", "A paper", ROWS, {}, average_precision="interpolated")
    assert figures_of(interpolated, result("plain", 50, 30)) == Figures(50, 31)
    assert figures_of(TABLE, result("plain", 50, 30)) == Figures(50, 30)


def test_a_set_of_ones_own_has_no_published_figures() -> None:
    assert benchmark_of("my-cameras") is None
    (plain,) = shown_rows(TABLE, [result("plain", 50, 30, trained_on="my-cameras")])
    assert (plain.paper, plain.paper_step) == (None, None)
    assert shown_rows(TABLE, []) == []
