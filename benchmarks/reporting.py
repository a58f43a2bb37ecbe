"""A benchmark's result: tables with the machine's facts, as Markdown for people and JSON for programs.

The files hold neither host names nor paths, so they can be committed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; the units stand in the names.

    Raises:
        ValueError: a row has not as many cells as there are columns.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.title}: expected {len(self.columns)} cells, got {len(row)}: {row}")

    def to_markdown(self) -> str:
        """A pipe table under a heading."""
        lines = [self.columns, tuple("---" for _ in self.columns), *(tuple(map(render_cell, row)) for row in self.rows)]
        return "\n".join([f"## {self.title}", "", *(f"| {' | '.join(line)} |" for line in lines)])

    def to_json(self) -> dict[str, object]:
        """Title, and each row as a mapping."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows}


@dataclass(frozen=True, slots=True)
class Report:
    """What one run of a benchmark found.

    Attributes:
        name: of the benchmark, and of its files.
        title: one line.
        method: what was measured and how, so that a reader can judge it.
        tables: the figures.
        machine: facts of the machine and the versions.
        notes: what limits the figures.
        figures: the few numbers that other programs read, by name.
    """

    name: str
    title: str
    method: str
    tables: Sequence[Table]
    machine: Mapping[str, Cell]
    notes: Sequence[str] = ()
    figures: Mapping[str, float] = field(default_factory=dict)

    def to_markdown(self) -> str:
        """The whole report."""
        notes = [] if not self.notes else ["\n".join(f"- {note}" for note in self.notes)]
        facts = Table("Machine", ("fact", "value"), tuple(self.machine.items()))
        parts = [f"# {self.title}", self.method, *(table.to_markdown() for table in self.tables), *notes, facts.to_markdown()]
        return "\n\n".join(parts) + "\n"

    def to_json(self) -> str:
        """The same, for programs."""
        document = {
            "name": self.name,
            "title": self.title,
            "method": self.method,
            "figures": dict(self.figures),
            "tables": [table.to_json() for table in self.tables],
            "notes": list(self.notes),
            "machine": dict(self.machine),
        }
        return json.dumps(document, indent=2) + "\n"

    def publish(self, folder: Path | None) -> None:
        """Print it, and write ``<name>.md`` and ``<name>.json`` into a folder; None = print only."""
        sys.stdout.write(self.to_markdown())
        sys.stdout.flush()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{self.name}.md").write_text(self.to_markdown())
            (folder / f"{self.name}.json").write_text(self.to_json())


def render_cell(cell: Cell) -> str:
    """A number with the digits that mean something; an empty cell for None."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return str(cell)


def figures_of(name: str, folder: Path = RESULTS) -> Mapping[str, float]:
    """The figures of a benchmark's last full run; empty where there was none."""
    file = folder / f"{name}.json"
    if not file.is_file():
        return {}
    return {str(key): float(value) for key, value in json.loads(file.read_text())["figures"].items()}


def say(text: str) -> None:
    """Progress, on stderr."""
    sys.stderr.write(f"==> {text}\n")
    sys.stderr.flush()
