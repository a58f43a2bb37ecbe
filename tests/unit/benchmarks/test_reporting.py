"""Reports as people and as programs read them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.machine import machine_facts
from benchmarks.reporting import Report, Table, figures_of, render_cell

TABLE = Table("Speed", ("stages", "frames/s", "efficiency"), [("fused", 51.234, 0.9312), ("actors", None, 2)])


def report() -> Report:
    return Report(
        name="speed", title="How fast", method="By clock.", tables=[TABLE], machine={"cores": 2}, notes=["noisy"],
        figures={"fps": 51.234},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "text"), [(0.93124, "0.931"), (1234.5, "1234"), (7, "7"), (None, ""), ("fused", "fused"), (0.0, "0")]
)
def test_cells_show_the_digits_that_mean_something(cell: str | float | None, text: str) -> None:
    assert render_cell(cell) == text


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 cells, got 1"):
        Table("Short", ("a", "b"), [(1,)])


def test_markdown_has_method_tables_notes_and_machine() -> None:
    text = report().to_markdown()
    assert text.startswith("# How fast\n\nBy clock.\n\n## Speed\n\n| stages | frames/s | efficiency |\n| --- | --- | --- |\n")
    assert "| fused | 51.2 | 0.931 |\n| actors |  | 2 |\n" in text
    assert "- noisy\n" in text
    assert text.endswith("| cores | 2 |\n")


def test_figures_survive_the_way_to_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report().publish(tmp_path)
    assert figures_of("speed", tmp_path) == {"fps": 51.234}
    rows = json.loads((tmp_path / "speed.json").read_text())["tables"][0]["rows"]
    assert rows[0] == {"stages": "fused", "frames/s": 51.234, "efficiency": 0.9312}
    assert (tmp_path / "speed.md").read_text() == capsys.readouterr().out


def test_a_quick_run_is_only_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report().publish(None)
    assert "How fast" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_figures_of_a_benchmark_that_never_ran_are_none(tmp_path: Path) -> None:
    assert figures_of("speed", tmp_path) == {}


def test_machine_facts_name_no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.node", lambda: "host-of-somebody")
    values = " ".join(str(value) for value in machine_facts().values())
    assert "host-of-somebody" not in values
    assert "/" not in values
