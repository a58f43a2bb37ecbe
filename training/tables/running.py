"""Several rows at once, each in a process of its own: results come as rows end, and no row's failure takes another's along."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from sightline.errors import SightlineError
from training.tables.epoch_lines import EpochLines
from training.tables.row_result import RowResult
from training.tables.row_run import RowRun, run_row

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that came to its end: with results, or with the error that ended it."""

    run: RowRun
    results: Sequence[RowResult]
    error: SightlineError | None = None


def run_all(runs: Sequence[RowRun], *, processes: int) -> Iterator[Ended]:
    """Run each; blocking. However this is ended, what was trained stays in the runs' folders, and is gone on from.

    Args:
        runs: begun in this order.
        processes: that work at the same time.
    """
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin)
    try:
        futures = {pool.submit(_run, run): run for run in runs}
        for future in as_completed(futures):
            try:
                yield Ended(futures[future], future.result())
            except SightlineError as error:
                yield Ended(futures[future], (), error)
    finally:
        pool.shutdown(cancel_futures=True)


def say(line: str) -> None:
    """A line on stderr, whole among those of other processes."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a run at once: its last checkpoint is an epoch old at most


def _run(run: RowRun) -> list[RowResult]:
    return run_row(run, [EpochLines(run.label, run.recipe(run.row), say)])
