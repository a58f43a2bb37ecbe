"""The table of the systems, which are measured one by one."""

from __future__ import annotations

from pathlib import Path

from benchmarks.reporting import Cell, Report, Table
from benchmarks.systems import COLUMNS, GATE_COLUMNS, NAME, earlier_rows, of_others


def row(system: str) -> tuple[Cell, ...]:
    return (system, *range(len(COLUMNS) - 1))


def test_systems_that_are_not_measured_anew_keep_their_rows(tmp_path: Path) -> None:
    assert earlier_rows(None, 0, COLUMNS) == earlier_rows(tmp_path, 0, COLUMNS) == []
    gate = (("djl", "ok torch"), ("djl", "ok Triton"), ("dsa", "ok torch"))
    tables = (Table("Systems", COLUMNS, (row("djl"), row("dsa"))), Table("The gate", GATE_COLUMNS, gate))
    Report(NAME, "Systems", "", tables, machine={}).publish(tmp_path)

    assert of_others(earlier_rows(tmp_path, 0, COLUMNS), {"djl"}) == [row("dsa")]
    assert of_others(earlier_rows(tmp_path, 1, GATE_COLUMNS), {"dsa", "new"}) == list(gate[:2])
    assert earlier_rows(tmp_path, 1, (*GATE_COLUMNS, "new"))[0] == (*gate[0], None)
