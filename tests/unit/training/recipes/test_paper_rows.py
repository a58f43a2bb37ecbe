"""Rows of a table: steps, and tables that contradict themselves."""

import pytest

from training.recipes.paper_rows import Figures, PaperRow, by_name, published_step

TABLE = by_name(
    [
        PaperRow("base", published={"market1501": Figures(79.66, 56.59), "cuhk03": Figures(80.85)}),
        PaperRow("djl", published={"market1501": Figures(85.12, 64.82), "cuhk03": Figures(84.25)}, baseline="base"),
        PaperRow("ours_alone", baseline="base"),
        PaperRow("reranked", published={"market1501": Figures(88.39, 79.97)}, baseline="djl", weights_of="djl", rerank=True),
    ]
)


def test_the_step_is_the_row_minus_its_baseline() -> None:
    step = published_step(TABLE, "djl", "market1501")
    assert step is not None
    assert (step.rank1, step.mean_ap) == (pytest.approx(5.46), pytest.approx(8.23))


def test_a_step_without_printed_map_has_rank_1_alone() -> None:
    step = published_step(TABLE, "djl", "cuhk03")
    assert step is not None
    assert step.rank1 == pytest.approx(3.40)
    assert step.mean_ap is None


@pytest.mark.parametrize(("name", "benchmark"), [("base", "market1501"), ("ours_alone", "market1501"), ("djl", "duke")])
def test_where_nothing_was_printed_there_is_no_step(name: str, benchmark: str) -> None:
    assert published_step(TABLE, name, benchmark) is None


def test_two_rows_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="different names"):
        by_name([PaperRow("base"), PaperRow("base")])


@pytest.mark.parametrize("row", [PaperRow("djl", baseline="base"), PaperRow("reranked", weights_of="djl")])
def test_a_row_that_leans_on_an_absent_one_is_refused(row: PaperRow) -> None:
    with pytest.raises(ValueError, match="leans on"):
        by_name([row])
