"""What ``sightline evaluate`` does with whole frames: how well does a detector find people?"""

from __future__ import annotations

import os
from pathlib import Path

import typer
from rich.table import Table

from sightline.cli.console import stderr, stdout
from sightline.cli.progress import CountDisplay
from sightline.evaluation.detection.running import DetectionReport


def evaluate_frames(model: str, folder: Path, *, threads: int | None, as_json: bool) -> None:
    """Evaluate a detector on a set's frames for validation, and print it.

    Raises:
        ConfigurationError: there is no such model, it is no detector, or the set cannot be read.
        ModelError: the file is none.
    """
    from sightline.decoding import ImageLimits
    from sightline.evaluation.detection.detector_file import load_detector
    from sightline.evaluation.detection.layouts import read_detection_set
    from sightline.evaluation.detection.running import evaluate_detector
    from sightline.settings import load_settings

    settings = load_settings()
    frames = read_detection_set(folder)
    with CountDisplay() as display:
        display.report("loading", 0, 0)
        detector = load_detector(model, settings, threads=threads or settings.cores.total or os.cpu_count() or 1)
        limits = ImageLimits.from_settings(settings.stream)
        report = evaluate_detector(detector, frames.name, frames.val, limits=limits, progress=display.report)
    if as_json:
        typer.echo(report.to_json(), nl=False)
        return
    stdout.print(_table(report))
    figures = report.figures
    stderr.print(f"{report.data}: {figures.frames} frames, {figures.people} people", highlight=False, markup=False)


def refuse_options_of_ranking(**given: bool) -> None:
    """Options that mean nothing for a detector, or for key points, are no options.

    Raises:
        typer.BadParameter: one was given.
    """
    wrong = [name for name, is_given in given.items() if is_given]
    if wrong:
        raise typer.BadParameter(f"--{wrong[0].replace('_', '-')} is for models that find people again, not for this one")


def _table(report: DetectionReport) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("", "AP50", "AP", "ms a frame"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    percent = (f"{100 * value:.1f}" for value in (report.figures.ap50, report.figures.ap))
    table.add_row(report.model, *percent, f"{report.ms_per_frame:.1f}")
    return table
