"""Train and test the rows of a paper's ablation tables, and refresh the page of results.

Each row is trained in RUNS/PAPER-SCALE/ROW-seedN (a row that is complete there is only tested; one that was interrupted goes
on), its figures go to RESULTS/PAPER-SCALE.json, and the tables of docs/results.md are made of those files.

  python -m training.tables --list
  python -m training.tables djl --data ../shared/data/market1501/images.tar --rows key
  python -m training.tables djl --data market.tar --rows tables_10_11 --scale gpu --device cuda --seeds 0 1 2
  python -m training.tables baseline --data market.tar --test cuhk03.tar
  python -m training.tables --page
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sightline.errors import ConfigurationError, SightlineError
from training.data.config import DataConfig
from training.naming import suggestion
from training.overrides import parse_overrides
from training.tables.page import refreshed
from training.tables.paper_table import PaperTable
from training.tables.papers import PAPERS
from training.tables.row_result import add_results
from training.tables.row_run import RowRun
from training.tables.running import run_all, say
from training.world import chosen_device

_DOCS = Path(__file__).resolve().parents[2] / "docs"
_RESULTS = _DOCS / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 = all rows have results, 1 = some failed or it was interrupted, 2 = the command line is wrong."""
    told = parser().parse_args(arguments)
    try:
        if told.list:
            sys.stdout.write("\n".join(map(_listed, PAPERS.values())))
            return 0
        complete = True
        if told.paper is not None:
            complete = _train(told)
        elif not told.page:
            raise ConfigurationError("name a paper, or give --list or --page")
        _refresh(told.results, told.page_file)
    except ConfigurationError as error:
        say(f"error: {error}")
        return 2
    except SightlineError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted: the same command goes on")
        return 1
    return 0 if complete else 1


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m training.tables", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = made.add_argument
    add("paper", nargs="?", help=f"one of {', '.join(PAPERS)}")
    add("--data", type=Path, help="folder or archive of the data set to train and test on")
    add("--test", type=Path, nargs="*", default=[], help="further data sets, to be tested on alone")
    add("--rows", nargs="+", default=["every"], help="names of rows or of its tables, key, or every (default)")
    add("--seeds", type=int, nargs="+", default=[0], help="one run of each row for each (default: 0)")
    add("--scale", default="cpu", help="cpu (default): narrow and small; gpu: the papers' own nets and sizes")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="laid over every row, as sightline train --set")
    add("--device", help="cpu or cuda; unset: a GPU if there is one")
    add("--processes", type=int, help="rows trained at once; unset: one a core, or one on a GPU")
    add("--runs", type=Path, default=Path("runs/tables"), help="folder of the runs (default: runs/tables)")
    add("--results", type=Path, default=_RESULTS, help="folder of the results (default: docs/results)")
    add("--page-file", type=Path, default=_DOCS / "results.md", help="the page (default: docs/results.md)")
    add("--page", action="store_true", help="only make the tables of the page anew")
    add("--list", action="store_true", help="the papers, their rows and tables")
    return made


def _train(told: argparse.Namespace) -> bool:
    if told.paper not in PAPERS:
        raise ConfigurationError(f"there is no paper {told.paper!r}: {suggestion(told.paper, PAPERS)}")
    if told.data is None:
        raise ConfigurationError("say what to train on with --data FOLDER_OR_ARCHIVE")
    if told.set and told.results == _RESULTS:
        raise ConfigurationError("with --set the rows are others than the page's: give them --results and --runs of their own")
    device = chosen_device(told.device)
    processes = told.processes or (1 if device.startswith("cuda") else os.cpu_count() or 1)
    runs = planned(told, device, processes)
    failed = 0
    for count, ended in enumerate(run_all(runs, processes=processes), start=1):
        if ended.error is not None:
            failed += 1
            say(f"[{count}/{len(runs)}] {ended.run.label} failed: {ended.error}")
            continue
        add_results(told.results / f"{told.paper}-{told.scale}.json", ended.results)
        for result in ended.results:
            plain = result.tested[result.trained_on].plain
            say(f"[{count}/{len(runs)}] {result.row}, seed {result.seed}: rank-1 {plain.rank1:.1f}, mAP {plain.mean_ap:.1f}")
    return not failed


def planned(told: argparse.Namespace, device: str, processes: int) -> list[RowRun]:
    """A run for each trained row and seed; rows that only evaluate others' weights bring those others along."""
    table = PAPERS[told.paper]
    rows = table.chosen(tuple(told.rows))
    # On a CPU several processes of one thread train more than one of several threads: the nets are small.
    threads = None if device.startswith("cuda") else max(1, (os.cpu_count() or 1) // processes)
    runs = [
        RowRun(
            told.paper,
            told.scale,
            row,
            seed,
            DataConfig(path=told.data),
            told.runs,
            also=tuple(other for other in table.evaluated_with(row) if other in rows),
            other_tests=tuple(DataConfig(path=path) for path in told.test),
            device=device,
            threads=threads,
            overrides=parse_overrides(told.set),
        )
        for seed in told.seeds
        for row in dict.fromkeys(table.rows[row].weights_of or row for row in rows)
    ]
    for run in runs:
        run.recipe(run.row)  # what is wrong with one is said before hours of the others
    return runs


def _refresh(results: Path, page: Path) -> None:
    if page.is_file():
        page.write_text(refreshed(page.read_text(), results))


def _listed(table: PaperTable) -> str:
    groups = {"key": table.key, **table.groups}
    lines = [f"{table.name}: {table.title}", f"  rows: {', '.join(table.rows)}"]
    return "\n".join([*lines, *(f"  {name}: {', '.join(rows)}" for name, rows in groups.items())]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
