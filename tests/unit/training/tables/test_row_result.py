"""Results are kept whole, replaced by row and seed, and refused where they are something else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sightline.errors import InputError
from training.tables.row_result import Ranked, RowResult, SetFigures, add_results, read_results

RANKED = Ranked(61.5, 40.25, 41.0, 55.0)
RESULT = RowResult(
    row="djl_hfa",
    seed=0,
    trained_on="Market-1501-dev",
    tested={"Market-1501-dev": SetFigures(474, RANKED, RANKED)},
    epochs=16,
    parameters=99,
    seconds=12.5,
    hardware="a processor",
    commit="abc",
    part_weights={"inception_1a": {"right_ankle": 9.5}},
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "djl-cpu.json"
    add_results(path, [RESULT])
    assert read_results(path) == [RESULT]
    assert [file.name for file in path.parent.iterdir()] == ["djl-cpu.json"]


def test_a_row_and_seed_is_replaced_and_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "djl-cpu.json"
    other, elsewhere = replace(RESULT, seed=1), replace(RESULT, trained_on="CUHK03-dev")
    add_results(path, [other, RESULT])
    add_results(path, [replace(RESULT, seconds=99.0), elsewhere])
    assert read_results(path) == [elsewhere, replace(RESULT, seconds=99.0), other]


def test_no_file_has_no_results(tmp_path: Path) -> None:
    assert read_results(tmp_path / "none.json") == []


@pytest.mark.parametrize("text", ["", "{}x", '[{"row": "djl"}]', "[3]", '{"row": 3}'])
def test_something_else_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "djl-cpu.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"djl-cpu\.json does not hold results"):
        add_results(path, [RESULT])
    assert path.read_text() == text
