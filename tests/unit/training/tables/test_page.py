"""The tables of the page, and that the committed page is the one that its results make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sightline.errors import ConfigurationError
from training.tables.page import all_markdown, refreshed, table_markdown
from training.tables.papers import PAPERS
from training.tables.row_result import Ranked, RowResult, SetFigures, add_results

DOCS = Path(__file__).resolve().parents[4] / "docs"
MARKET, CUHK = "Market-1501-dev", "CUHK03-dev"


def result(row: str, rank1: float, mean_ap: float, *, seed: int = 0) -> RowResult:
    tested = SetFigures(474, Ranked(rank1, mean_ap, mean_ap, rank1), Ranked(rank1 + 1, mean_ap + 10, mean_ap + 10, rank1))
    return RowResult(row, seed, MARKET, {MARKET: tested}, 16, 460_000, 600.0, "a processor", "abc")


BASE, HFA = result("base", 50.04, 30.0), result("djl_hfa", 55.0, 37.26)


def test_a_table_has_ours_and_the_papers_and_both_steps() -> None:
    lines = table_markdown(PAPERS["djl"], [HFA, BASE]).splitlines()
    assert lines[0] == "Trained and tested on Market-1501-dev, 16 epochs a row, on a processor."
    assert "| base | 0 | 10 | 50.0 / 30.0 |  |  | 79.7 / 56.6 |  |" in lines
    assert "| djl_hfa | 0 | 10 | 55.0 / 37.3 | base | +5.0 / +7.3 | 86.0 / 65.7 | +6.3 / +9.1 |" in lines
    missing = next(line for line in lines if line.startswith("Rows that are missing: "))
    assert "djl_s_rrw" in missing
    assert "base" not in missing.removeprefix("Rows that are missing: ").split(", ")


def test_several_seeds_show_their_spread() -> None:
    markdown = table_markdown(PAPERS["djl"], [BASE, result("base", 54.04, 32.0, seed=1)])
    assert "| base | 0, 1 | 10 | 52.0 ± 2.8 / 31.0 ± 1.4 |" in markdown


def test_missing_seeds_are_told() -> None:
    one = table_markdown(PAPERS["baseline"], [result("baseline", 50.0, 30.0)])
    assert "Rows that are missing: baseline_reranked. Seeds that are missing in some row or all: 1, 2." in one
    every = [result(row, 50.0, 30.0, seed=seed) for row in ("baseline", "baseline_reranked") for seed in (0, 1, 2)]
    assert table_markdown(PAPERS["baseline"], every).endswith("No row is missing.\n")
    assert table_markdown(PAPERS["baseline"], every[:-1]).endswith(
        "No row is missing. Seeds that are missing in some row or all: 2.\n"
    )


def test_learned_part_weights_are_a_table() -> None:
    learned = replace(HFA, part_weights={"inception_1a": {"right_knee": 9.514, "left_knee": 7.0}})
    markdown = table_markdown(PAPERS["djl"], [learned])
    assert "| row | seed | layer | right_knee | left_knee |" in markdown
    assert "| djl_hfa | 0 | inception_1a | 9.51 | 7.00 |" in markdown
    assert "part weights" not in table_markdown(PAPERS["djl"], [BASE])
    tested_again = replace(learned, row="djl_hfa_reranked")
    assert "| djl_hfa_reranked | 0 | inception_1a" not in table_markdown(PAPERS["djl"], [learned, tested_again])


def test_nothing_trained_is_said() -> None:
    assert table_markdown(PAPERS["djl"], []) == "No row is trained yet.\n"


def test_all_systems_best_first_with_other_sets_beside() -> None:
    elsewhere = replace(HFA, tested={**HFA.tested, CUHK: BASE.tested[MARKET]})
    reranked = result("djl_hfa_reranked", 99.0, 99.0)
    lines = all_markdown([("djl-cpu", [BASE, elsewhere, reranked])]).splitlines()
    assert lines[0].endswith(f"| {MARKET} | {MARKET}, re-ranked | {CUHK} | {CUHK}, re-ranked |")
    assert lines[2] == "| djl-cpu | djl_hfa | 0 | 0.46 | 55.0 / 37.3 | 56.0 / 47.3 | 50.0 / 30.0 | 51.0 / 40.0 |"
    assert lines[3].startswith("| djl-cpu | base |")
    assert len(lines) == 4  # a row of another's weights is no system of its own


def test_only_what_stands_between_markers_is_replaced(tmp_path: Path) -> None:
    add_results(tmp_path / "djl-cpu.json", [BASE])
    text = "before\n<!-- results: djl-cpu -->\nold\n<!-- end -->\nbetween\n<!-- results: lrdnn-cpu --><!-- end -->\nafter\n"
    page = refreshed(text.replace("--><!--", "-->\n<!--"), tmp_path)
    assert page.startswith("before\n<!-- results: djl-cpu -->\n\nTrained")
    assert "old" not in page
    assert "\nbetween\n" in page
    assert page.endswith("<!-- results: lrdnn-cpu -->\n\nNo row is trained yet.\n\n<!-- end -->\nafter\n")
    assert refreshed(page, tmp_path) == page


@pytest.mark.parametrize("name", ["djl", "nobody-cpu", "djl-tpu"])
def test_a_marker_that_names_no_table_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name!r} names no table"):
        refreshed(f"<!-- results: {name} -->\n<!-- end -->", tmp_path)


def test_the_committed_page_is_the_one_that_its_results_make() -> None:
    page = (DOCS / "results.md").read_text()
    assert refreshed(page, DOCS / "results") == page, "run `python -m training.tables --page`"
    assert all(f"<!-- results: {file.stem} -->" in page for file in (DOCS / "results").glob("*.json"))
