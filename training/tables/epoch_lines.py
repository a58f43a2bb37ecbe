"""A line a few times a minute for people who watch many runs at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from training.recipe import Recipe
from training.reports import EvaluationReport, StepReport, figures_in_words


class EpochLines:
    """Says how far a run is, at most every ``every_s`` seconds. See :class:`training.reports.Listener`.

    Args:
        label: of the run.
        recipe: that it is trained by: how many epochs there are.
        say: takes a line.
        every_s: between two lines.
        clock: seconds.
    """

    def __init__(
        self,
        label: str,
        recipe: Recipe,
        say: Callable[[str], None],
        *,
        every_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label, self._say, self._every_s, self._clock = label, say, every_s, clock
        self._epochs = {phase.name: phase.epochs for phase in recipe.phases}
        self._said_s: float | None = None

    def on_steps(self, reports: Sequence[StepReport]) -> None:
        now_s = self._clock()
        if not reports or (self._said_s is not None and now_s - self._said_s < self._every_s):
            return
        self._said_s = now_s
        last = reports[-1]
        self._say(
            f"{self._label}: {last.phase}, epoch {last.epoch} of {self._epochs[last.phase]}, batch {last.batch} of "
            f"{last.batches}: loss {last.loss:.3f}, {last.pictures_per_s:.0f} pictures/s"
        )

    def on_evaluation(self, report: EvaluationReport) -> None:
        self._say(f"{self._label}: {figures_in_words(report.figures)}")
