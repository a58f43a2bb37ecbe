"""What `sightline train` shows: how far the run is, its losses by term, its speed, how well it does; plain lines where nobody
watches."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sightline.cli.console import stderr

if TYPE_CHECKING:
    from training.recipe import Recipe
    from training.reports import EvaluationReport, StepReport

_AVERAGED_STEPS = 50
_EVALUATIONS_SHOWN = 5
_REFRESHES_PER_S = 4


class TrainDisplay:
    """``with TrainDisplay(recipe) as display: …``; a :class:`training.reports.Listener`, on stderr.

    Args:
        recipe: its phases say how much there is to do.
        clock: seconds.
    """

    def __init__(self, recipe: Recipe, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._recipe, self._clock = recipe, clock
        self._total = sum(phase.epochs for phase in recipe.phases)
        self._recent: deque[StepReport] = deque(maxlen=_AVERAGED_STEPS)
        self._evaluations: deque[EvaluationReport] = deque(maxlen=_EVALUATIONS_SHOWN)
        self._reading = ""
        self._best: EvaluationReport | None = None
        self._began: tuple[float, float] | None = None
        self._live = Live(get_renderable=self._render, console=stderr, refresh_per_second=_REFRESHES_PER_S, transient=True)

    def __enter__(self) -> Self:
        if stderr.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if stderr.is_terminal:
            self._live.stop()

    def reading(self, what: str, done: int, total: int) -> None:
        """Show how far the reading of the data is, before the first step."""
        if not stderr.is_terminal and what != self._reading.partition(" ")[2]:
            stderr.print(f"{what}…", highlight=False)
        self._reading = f"{done}/{total} {what}"

    def on_steps(self, reports: Sequence[StepReport]) -> None:
        """Show these steps."""
        if not reports:
            return
        last = reports[-1]
        if self._recent and last.phase != self._recent[-1].phase:
            self._recent.clear()  # other terms
        self._recent.extend(report for report in reports if report.phase == last.phase)
        if self._began is None:
            self._began = self._clock(), self._epochs_done(last)
        if not stderr.is_terminal and last.batch == last.batches:
            stderr.print(self._headline(last), highlight=False)

    def on_evaluation(self, report: EvaluationReport) -> None:
        """Show how well it does."""
        self._evaluations.append(report)
        if self._best is None or report.score > self._best.score:
            self._best = report
        if not stderr.is_terminal:
            stderr.print(_measured(report), highlight=False)

    @property
    def best(self) -> EvaluationReport | None:
        """The evaluation of the best main figure so far."""
        return self._best

    @property
    def last(self) -> EvaluationReport | None:
        """The last evaluation."""
        return self._evaluations[-1] if self._evaluations else None

    def _render(self) -> RenderableType:
        if not self._recent:
            return Text(self._reading or "starting…", style="dim")
        last = self._recent[-1]
        bar = Padding(ProgressBar(total=self._total, completed=self._epochs_done(last), width=60), (0, 0, 1, 0))
        measured = [Text(_measured(report), style="bold" if report is self._best else "") for report in self._evaluations]
        return Group(Text(self._headline(last)), bar, self._losses(), *measured, Text("Ctrl-C stops and keeps it", style="dim"))

    def _headline(self, last: StepReport) -> str:
        phase = next(phase for phase in self._recipe.phases if phase.name == last.phase)
        losses = ", ".join(f"{name} {value:.3f}" for name, value in self._means().items())
        where = f"{last.phase}, epoch {last.epoch}/{phase.epochs}, step {last.step}"
        return f"{where}: loss {self._mean_loss():.3f} ({losses}); {last.pictures_per_s:.0f} pictures/s; {self._left(last)}"

    def _losses(self) -> Table:
        weights = next(phase.weights for phase in self._recipe.phases if phase.name == self._recent[-1].phase)
        table = Table("loss term", box=None, pad_edge=False)
        for title in ("weight", "mean of recent steps"):
            table.add_column(title, justify="right")
        for name, value in self._means().items():
            table.add_row(name, f"{weights.get(name, 1.0):g}", f"{value:.4f}")
        table.add_row("sum", "", f"{self._mean_loss():.4f}", style="bold")
        return table

    def _mean_loss(self) -> float:
        return sum(report.loss for report in self._recent) / len(self._recent)

    def _means(self) -> dict[str, float]:
        names = self._recent[-1].terms
        return {name: sum(report.terms[name] for report in self._recent) / len(self._recent) for name in names}

    def _epochs_done(self, report: StepReport) -> float:
        done = 0
        for phase in self._recipe.phases:
            if phase.name == report.phase:
                break
            done += phase.epochs
        return done + report.epoch - 1 + report.batch / report.batches

    def _left(self, last: StepReport) -> str:
        """How long it will take, by how long it took since this display saw its first step."""
        assert self._began is not None, "it is set with the first step"
        began_s, began_at = self._began
        done = self._epochs_done(last)
        if done <= began_at:
            return "time left not known yet"
        return f"{_duration((self._clock() - began_s) * (self._total - done) / (done - began_at))} left"


def _measured(report: EvaluationReport) -> str:
    from training.reports import figures_in_words

    of = "queries" if report.main == "mean_ap" else "samples"
    where = f"{report.phase}, epoch {report.epoch}, step {report.step}"
    return f"{where}: {figures_in_words(report.figures)} over {report.samples} {of}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
