"""The page of results: people write the words, and the tables between its markers are made of the kept results.

A marker is ``<!-- results: djl-cpu -->`` (a file of results, without its suffix) or ``<!-- results: all -->``; what stands from
there to ``<!-- end -->`` is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from sightline.errors import ConfigurationError
from training.recipes.paper_rows import Figures
from training.tables.figures import Mean, ShownRow, shown_rows
from training.tables.paper_table import PaperTable
from training.tables.papers import PAPERS
from training.tables.row_result import Ranked, RowResult, read_results

_MARKED = re.compile(r"(<!-- results: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_ALL = "all"

SEEDS = (0, 1, 2)
"""That a row should have been trained with, before its step is believed."""


def refreshed(text: str, results: Path) -> str:
    """The page with its tables made anew from the files in ``results``.

    Raises:
        ConfigurationError: a marker names no table.
        InputError: a file cannot be understood.
    """
    return _MARKED.sub(lambda found: f"{found[1]}\n{_block(found['name'], results)}\n{found[3]}", text)


def table_markdown(table: PaperTable, results: Sequence[RowResult]) -> str:
    """All results of one file: a table for each training set, what is missing, and what was learned of the parts."""
    if not results:
        return "No row is trained yet.\n"
    parts = []
    for trained_on, of_set in groupby(sorted(results, key=lambda result: result.trained_on), lambda result: result.trained_on):
        listed = list(of_set)
        parts += [_how(trained_on, listed), _ablations(shown_rows(table, listed)), _missing(table, listed)]
        if learned := _part_weights(table, listed):
            parts.append(learned)
    return "\n\n".join(parts) + "\n"


def all_markdown(named: Iterable[tuple[str, Sequence[RowResult]]]) -> str:
    """Every trained row of every file, best mAP first: on each test set, plain and re-ranked. A seed a line."""
    runs = [(name, result) for name, results in named for result in results if not _of_other_weights(name, result)]
    sets = list(dict.fromkeys(test for _, result in runs for test in result.tested))
    runs.sort(key=lambda run: -run[1].tested[run[1].trained_on].plain.mean_ap)
    head = ["system", "row", "seed", "parameters, M", *(f"{test}{how}" for test in sets for how in ("", ", re-ranked"))]
    lines = []
    for name, result in runs:
        cells = [name, result.row, str(result.seed), f"{result.parameters / 1e6:.2f}"]
        for test in sets:
            tested = result.tested.get(test)
            cells += ["", ""] if tested is None else [_ranked(tested.plain), _ranked(tested.reranked)]
        lines.append(cells)
    return _markdown(head, lines) + "\n"


def _of_other_weights(name: str, result: RowResult) -> bool:
    return PAPERS[name.rpartition("-")[0]].rows[result.row].weights_of is not None


def _block(name: str, results: Path) -> str:
    if name == _ALL:
        return all_markdown((file.stem, read_results(file)) for file in sorted(results.glob("*.json")))
    paper, _, scale = name.rpartition("-")
    if paper not in PAPERS or scale not in PAPERS[paper].scales:
        raise ConfigurationError(f"the page's marker {name!r} names no table: expected all, or PAPER-SCALE such as djl-cpu")
    return table_markdown(PAPERS[paper], read_results(results / f"{name}.json"))


def _how(trained_on: str, results: Sequence[RowResult]) -> str:
    epochs = " and ".join(map(str, sorted({result.epochs for result in results})))
    hardware = "; ".join(sorted({result.hardware for result in results}))
    return f"Trained and tested on {trained_on}, {epochs} epochs a row, on {hardware}."


def _ablations(rows: Sequence[ShownRow]) -> str:
    head = ["row", "seeds", "minutes", "ours: rank-1 / mAP", "step from", "our step", "paper: rank-1 / mAP", "paper's step"]
    return _markdown(head, [_cells(row) for row in rows])


def _cells(shown: ShownRow) -> list[str]:
    return [
        shown.row.name + (" (re-ranked)" if shown.row.rerank and "reranked" not in shown.row.name else ""),
        ", ".join(map(str, shown.seeds)),
        f"{shown.minutes:.0f}" if shown.minutes else "",
        _mean(shown.ours, _percent),
        shown.row.baseline or "",
        "" if shown.step is None else _mean(shown.step, _signed),
        "" if shown.paper is None else _pair(shown.paper, _percent),
        "" if shown.paper_step is None else _pair(shown.paper_step, _signed),
    ]


def _missing(table: PaperTable, results: Sequence[RowResult]) -> str:
    there = {result.row for result in results}
    missing = [name for name in table.rows if name not in there]
    rows = f"Rows that are missing: {', '.join(missing)}." if missing else "No row is missing."
    seeds = {row: {result.seed for result in results if result.row == row} for row in there}
    short = [seed for seed in SEEDS if any(seed not in of_row for of_row in seeds.values())]
    return rows + (f" Seeds that are missing in some row or all: {', '.join(map(str, short))}." if short else "")


def _part_weights(table: PaperTable, results: Sequence[RowResult]) -> str:
    trained = [result for result in results if table.rows[result.row].weights_of is None]
    rows = [(result, layer, weights) for result in trained for layer, weights in result.part_weights.items()]
    if not rows:
        return ""
    parts = list(rows[0][2])
    cells = [[r.row, str(r.seed), layer, *(f"{w[part]:.2f}" for part in parts)] for r, layer, w in rows]
    return "Learned part weights (10 at the beginning):\n\n" + _markdown(["row", "seed", "layer", *parts], cells)


def _mean(mean: Mean, word: Callable[[float], str]) -> str:
    if mean.spread is None:
        return _pair(mean.figures, word)
    pairs = zip(_values(mean.figures), _values(mean.spread), strict=True)
    return " / ".join(f"{word(value)} ± {spread:.1f}" for value, spread in pairs)


def _pair(figures: Figures, word: Callable[[float], str]) -> str:
    return " / ".join(map(word, _values(figures)))


def _values(figures: Figures) -> Iterator[float]:
    yield figures.rank1
    if figures.mean_ap is not None:
        yield figures.mean_ap


def _ranked(ranked: Ranked) -> str:
    return f"{ranked.rank1:.1f} / {ranked.mean_ap:.1f}"


def _percent(value: float) -> str:
    return f"{value:.1f}"


def _signed(value: float) -> str:
    return f"{value:+.1f}"


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])
