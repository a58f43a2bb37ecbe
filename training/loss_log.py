"""Losses on their way to the report: they stay on the device for some steps, so that reading them does not hold up the work."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from sightline.errors import TrainingError
from training.reports import StepReport
from training.snapshot import Position
from training.world import World

LOSS = "loss"


class LossLog:
    """The losses of one phase since the last :meth:`read`, which bounds how many there are.

    Args:
        phase: its name.
        batches: of an epoch.
        world: over whose workers losses are averaged and pictures counted.
        clock: seconds, for the rate.
    """

    def __init__(self, phase: str, *, batches: int, world: World, clock: Callable[[], float] = time.perf_counter) -> None:
        self._phase, self._batches, self._world, self._clock = phase, batches, world, clock
        self._reports: list[partial[StepReport]] = []
        self._values: list[Tensor] = []
        self._names: tuple[str, ...] = ()
        self._pictures = 0
        self._since_s = clock()

    def __len__(self) -> int:
        return len(self._reports)

    def add(
        self,
        loss: Tensor,
        terms: Mapping[str, Tensor],
        *,
        at: Position,
        rate: float,
        pictures: int,
    ) -> None:
        """Take the losses of the step that led to ``at``, of ``pictures`` on this worker; nothing is read from the device."""
        self._names = (LOSS, *terms)
        self._values.append(torch.stack([loss.detach(), *terms.values()]))
        report = partial(
            StepReport, step=at.step, phase=self._phase, epoch=at.epoch + 1, batch=at.batch, batches=self._batches, rate=rate
        )
        self._reports.append(report)
        self._pictures += pictures * self._world.size

    def read(self) -> list[StepReport]:
        """What was added, and begin anew. Every worker calls it at the same step.

        Raises:
            TrainingError: a loss is not finite; every worker raises it.
        """
        if not self._reports:
            return []
        rows = self._world.mean(torch.stack(self._values)).tolist()
        now_s = self._clock()
        speed = self._pictures / max(now_s - self._since_s, 1e-9)
        made = [self._report(report, row, speed) for report, row in zip(self._reports, rows, strict=True)]
        self._reports, self._values, self._pictures, self._since_s = [], [], 0, now_s
        return made

    def _report(self, report: partial[StepReport], row: list[float], speed: float) -> StepReport:
        loss, *terms = row
        made = report(loss=loss, terms=dict(zip(self._names[1:], terms, strict=True)), pictures_per_s=speed)
        if not all(map(math.isfinite, row)):
            raise TrainingError(_not_finite(made))
        return made


def _not_finite(report: StepReport) -> str:
    terms = ", ".join(f"{name} = {value:g}" for name, value in report.terms.items())
    return (
        f"the loss is not finite at step {report.step} (phase {report.phase!r}, epoch {report.epoch}): {terms}. "
        "The last checkpoint is from before it. A lower rate (--set 'phases.*.optimiser.lr=…') or clipped gradients "
        "(--set clip_norm=5) may help; such a run begins anew"
    )
