"""Rows of a paper's table: what is changed in its recipe, and the figures that the paper printed.

A table of ours trains each row under one ``scale`` (a mapping of overrides for size and budget, laid over the row's own) and
sets our figure and *step* (the row minus its baseline) beside the paper's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Overrides = Mapping[str, object]
"""Dotted name of a recipe's value -> what it is set to, as ``sightline train --set`` takes it."""

Benchmark = Literal["market1501", "duke", "cuhk03", "cuhk03_new_detected", "cuhk03_new_labelled", "cuhk01"]
"""``cuhk03`` is the classic protocol: 100 test identities, single-shot, 20 splits."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured on one data set, percent.

    Attributes:
        rank1: of the CMC.
        mean_ap: None = not printed (CUHK03's classic protocol has none).
    """

    rank1: float
    mean_ap: float | None = None

    def minus(self, baseline: Figures) -> Figures:
        """The step from a baseline to this."""
        if self.mean_ap is None or baseline.mean_ap is None:
            return Figures(self.rank1 - baseline.rank1)
        return Figures(self.rank1 - baseline.rank1, self.mean_ap - baseline.mean_ap)


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One row of an ablation table.

    Attributes:
        name: unique in its table, in snake case.
        overrides: of the recipe's own values.
        published: data set -> the paper's figures; empty = a row of ours that the paper does not print.
        baseline: the row that the step is taken from; None = it is the one that others are compared with.
        weights_of: the row whose trained weights this one only evaluates in another way; None = it is trained itself.
        rerank: evaluated with k-reciprocal re-ranking.
        data: overrides of how the data are read, :class:`training.data.config.DataConfig`.
        test_disturbance: evaluated with key points shifted by up to this part of the picture's sides.
    """

    name: str
    overrides: Overrides = field(default_factory=dict)
    published: Mapping[Benchmark, Figures] = field(default_factory=dict)
    baseline: str | None = None
    weights_of: str | None = None
    rerank: bool = False
    data: Overrides = field(default_factory=dict)
    test_disturbance: float = 0.0


def by_name(rows: Iterable[PaperRow]) -> dict[str, PaperRow]:
    """The rows of one table by their names, in order.

    Raises:
        ValueError: two rows have one name, or a row leans on one that is not there.
    """
    listed = tuple(rows)
    table = {row.name: row for row in listed}
    if len(table) != len(listed):
        raise ValueError(f"expected rows of different names, got {[row.name for row in listed]}")
    for row in listed:
        unknown = {row.baseline, row.weights_of} - {None, *table}
        if unknown:
            raise ValueError(f"row {row.name!r} leans on {sorted(map(str, unknown))}; the table has {', '.join(table)}")
    return table


def published_step(table: Mapping[str, PaperRow], name: str, benchmark: Benchmark) -> Figures | None:
    """The paper's step of a row; None where the row has no baseline or one of the two was not printed."""
    row = table[name]
    if row.baseline is None:
        return None
    figures, baseline = row.published.get(benchmark), table[row.baseline].published.get(benchmark)
    return figures.minus(baseline) if figures and baseline else None
