"""TensorBoard event files of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch.utils.tensorboard.writer import SummaryWriter

from training.reports import EvaluationReport, StepReport


class TensorBoardLog:
    """Losses by term, rate, speed and validation as scalars. See :class:`training.reports.Listener`.

    Args:
        folder: of the event files.
        step: where the run goes on from; what TensorBoard was told of later steps is purged.
    """

    def __init__(self, folder: Path, *, step: int = 0) -> None:
        self._writer = SummaryWriter(str(folder), purge_step=step + 1 if step else None)

    def on_steps(self, reports: Sequence[StepReport]) -> None:
        for report in reports:
            scalars = {"loss/sum": report.loss, "rate": report.rate}
            scalars |= {f"loss/{name}": value for name, value in report.terms.items()}
            self._add(scalars, report.step)
        if reports:
            self._add({"pictures_per_s": reports[-1].pictures_per_s}, reports[-1].step)

    def on_evaluation(self, report: EvaluationReport) -> None:
        self._add({f"validation/{name}": value for name, value in report.figures.items()}, report.step)
        self._writer.flush()

    def close(self) -> None:
        """Write what is held back."""
        self._writer.close()

    def _add(self, scalars: dict[str, float], step: int) -> None:
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, step)
