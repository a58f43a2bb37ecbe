"""Several rows at once, each in a process of its own: results come as rows end, and no row's failure takes another's along."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from sightline.errors import SightlineError
from training.tables.epoch_lines import EpochLines
from training.tables.row_result import RowResult
from training.tables.row_run import RowRun, run_row

_CONTEXT = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that came to its end: with results, or with what ended it."""

    run: RowRun
    results: Sequence[RowResult]
    error: str | None = None


def run_all(runs: Sequence[RowRun], *, processes: int) -> Iterator[Ended]:
    """Run each; blocking. However this is ended, what was trained stays in the runs' folders, and is gone on from.

    Args:
        runs: begun in this order.
        processes: that work at the same time.
    """
    waiting, working = deque(runs), list[_Working]()
    try:
        while waiting or working:
            while waiting and len(working) < processes:
                working.append(_Working.begin(waiting.popleft()))
            heard = wait([each for one in working for each in (one.answer, one.process.sentinel)])
            for one in [one for one in working if one.answer in heard or one.process.sentinel in heard]:
                working.remove(one)
                yield one.end()
    finally:
        for one in working:
            one.process.terminate()
            one.process.join()


def say(line: str) -> None:
    """A line on stderr, whole among those of other processes."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class _Working:
    """A run and its process, which may die at any moment: of an error nobody thought of, or for want of memory."""

    run: RowRun
    process: SpawnProcess
    answer: Connection

    @classmethod
    def begin(cls, run: RowRun) -> _Working:
        ours, theirs = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_run, args=(run, theirs), name=run.label)
        process.start()
        theirs.close()  # else the end of the process would not be the end of what it sends
        return cls(run, process, ours)

    def end(self) -> Ended:
        """What it sent, or how it died."""
        try:
            said: list[RowResult] | str = self.answer.recv()
        except EOFError:
            said = ""
        self.answer.close()
        self.process.join()
        if isinstance(said, str):
            return Ended(self.run, (), said or _death(self.process.exitcode))
        return Ended(self.run, said)


def _death(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"its process ended with exit code {exit_code}; what it said last stands above"
    name = signal.Signals(-exit_code).name
    hint = "; the system does so where memory runs out: try --processes 1" if name == "SIGKILL" else ""
    return f"its process was killed by {name}{hint}"


def _run(run: RowRun, answer: Connection) -> None:
    """In the row's process: send its results, or words for what went wrong. What nobody foresaw ends it, traceback and all."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a run at once: its last checkpoint is an epoch old at most
    try:
        answer.send(run_row(run, [EpochLines(run.label, run.recipe(run.row), say)]))
    except SightlineError as error:
        answer.send(str(error))
