"""Steps that take their time, each with what it is doing and the seconds it took; plain lines where nobody watches."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from sightline.cli.console import stderr

FINISHED = ("ready", "stopped")


class StepDisplay:
    """``with StepDisplay() as display: work(display.report)``; writes to stderr."""

    def __init__(self) -> None:
        columns = (SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("{task.fields[name]:<10}"), TimeElapsedColumn())
        self._progress = Progress(*columns, TextColumn("{task.description}"), console=stderr)
        self._tasks: dict[str, TaskID] = {}
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._progress.stop()

    def report(self, name: str, doing: str) -> None:
        """A step's news; ``ready`` and ``stopped`` end it. News of no step ("") are for the whole."""
        if not stderr.is_terminal:
            self._print(name, doing)
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(doing, total=1, name=name or "…", visible=bool(doing))
        done = doing in FINISHED
        self._progress.update(self._tasks[name], description=doing, completed=int(done), visible=bool(doing))

    def _print(self, name: str, doing: str) -> None:
        if name and doing != "waiting":
            stderr.print(f"{time.monotonic() - self._began:6.1f} s  {name}: {doing}", highlight=False)


class CountDisplay:
    """``with CountDisplay() as display: work(display.report)``: a bar over what can be counted; writes to stderr.

    Where nobody watches, a line for each new thing that is done.
    """

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        watched = stderr.is_terminal
        self._progress = Progress(*columns, TimeRemainingColumn(), console=stderr, transient=True, disable=not watched)
        self._task: TaskID | None = None
        self._doing = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._progress.stop()

    def report(self, doing: str, more: int, total: int) -> None:
        """``more`` of ``total`` are done; 0 in all = it cannot be counted."""
        if doing != self._doing:
            self._begin(doing, total)
        if self._task is not None:
            self._progress.update(self._task, advance=more)

    def _begin(self, doing: str, total: int) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task, self._doing = self._progress.add_task(doing, total=total or None), doing
        if not stderr.is_terminal:
            stderr.print(f"{doing}{f' {total} pictures' if total else ''}…", highlight=False)
