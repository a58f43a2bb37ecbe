"""What a training run says of itself while it goes on, and who listens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step.

    Attributes:
        step: of the run, from 1.
        phase: its name.
        epoch: of the phase, from 1.
        batch, batches: of the epoch, from 1; how many it has.
        rate: the learning rate, before the factors of single parts.
        loss: the weighted sum, the mean over all workers.
        terms: each term before its weight, the mean over all workers.
        pictures_per_s: of all workers, over the steps that were reported together with this one.
    """

    step: int
    phase: str
    epoch: int
    batch: int
    batches: int
    rate: float
    loss: float
    terms: Mapping[str, float]
    pictures_per_s: float


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """How well the (averaged) weights do on the validation set.

    Attributes:
        step, phase, epoch: when.
        main: the name of the figure that counts most.
        figures: name -> figure, see :class:`training.validation.Figures`.
        samples: how many queries, pictures or people counted.
        seconds: that it took.
    """

    step: int
    phase: str
    epoch: int
    main: str
    figures: Mapping[str, float]
    samples: int
    seconds: float

    @property
    def score(self) -> float:
        """The main figure; more is better."""
        return self.figures[self.main]


class Listener(Protocol):
    """Hears of a run. Called by the loop, which waits for it: be quick."""

    def on_steps(self, reports: Sequence[StepReport]) -> None:
        """Some steps went by, in order; on every worker, with the same reports. There may be none."""
        ...

    def on_evaluation(self, report: EvaluationReport) -> None:
        """The validation set was measured; on the first worker."""
        ...


class Listeners:
    """Several as one, in order."""

    def __init__(self, listeners: Sequence[Listener] = ()) -> None:
        self._listeners = tuple(listeners)

    def on_steps(self, reports: Sequence[StepReport]) -> None:
        for listener in self._listeners:
            listener.on_steps(reports)

    def on_evaluation(self, report: EvaluationReport) -> None:
        for listener in self._listeners:
            listener.on_evaluation(report)


LABELS = {"rank1": "rank-1", "mean_ap": "mAP", "ap50": "AP50", "ap": "AP", "pck": "PCK", "part_iou": "part IoU"}
"""Figures by the names that people know them by."""


def figures_in_words(figures: Mapping[str, float]) -> str:
    """``rank-1 76.7 %, mAP 59.9 %``."""
    return ", ".join(f"{LABELS.get(name, name)} {100 * value:.1f} %" for name, value in figures.items())
