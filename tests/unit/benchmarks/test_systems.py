"""The table of the systems, which are measured one by one."""

from __future__ import annotations

from pathlib import Path

from benchmarks.reporting import Cell, Report, Table
from benchmarks.systems import COLUMNS, GATE_COLUMNS, NAME, kept_rows


def row(system: str) -> tuple[Cell, ...]:
    return (system, *range(len(COLUMNS) - 1))


def test_systems_that_are_not_measured_anew_keep_their_rows(tmp_path: Path) -> None:
    assert kept_rows(None, 0, COLUMNS, set()) == kept_rows(tmp_path, 0, COLUMNS, set()) == []
    gate = (("djl", "ok torch"), ("djl", "ok Triton"), ("dsa", "ok torch"))
    tables = (Table("Systems", COLUMNS, (row("djl"), row("dsa"))), Table("The gate", GATE_COLUMNS, gate))
    Report(NAME, "Systems", "", tables, machine={}).publish(tmp_path)

    assert kept_rows(tmp_path, 0, COLUMNS, {"djl"}) == [row("dsa")]
    assert kept_rows(tmp_path, 1, GATE_COLUMNS, {"dsa", "new"}) == list(gate[:2])
