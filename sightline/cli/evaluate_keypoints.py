"""What ``sightline evaluate`` does with a model of key points: how well does it find joints?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import typer
from PIL import Image
from rich.table import Table

from sightline.cli.console import stderr, stdout
from sightline.cli.progress import CountDisplay
from sightline.cli.training_extra import training_installed
from sightline.errors import ConfigurationError
from sightline.evaluation.poses.running import PosedPicture, PoseReport
from sightline.evaluation.running import Progress
from sightline.settings import Settings

if TYPE_CHECKING:
    from training.data.posed.posed_set import PosedSet
    from training.data.samples import Samples

SHEET = "skeletons.png"


def evaluate_poses(
    model: str, data: Path, settings: Settings, *, threads: int | None, output: Path | None, pictures: int, as_json: bool
) -> None:
    """Evaluate a model of key points on what a set holds out, and print it; with ``output``, keep it, and show some people.

    Raises:
        ConfigurationError: the set cannot be read, has no joints, or holds nobody out.
        ModelError: the model cannot be run.
    """
    from sightline.evaluation.poses.keypoints_model import load_keypoints
    from sightline.evaluation.poses.running import evaluate_keypoints

    with CountDisplay() as display:
        posed = _opened(data, display.report)
        people = [_person(posed.held_out, index) for index in range(len(posed.held_out))]
        loaded = load_keypoints(model, settings, threads=threads or settings.cores.total or os.cpu_count() or 1)
        display.report("finding joints", 0, len(people))
        on_picture = partial(display.report, "finding joints", 1, len(people))
        report = evaluate_keypoints(loaded, posed.name, people, annotated=posed.joints, on_picture=on_picture)
    if output is not None:
        _write(report, people, output, pictures)
    if as_json:
        typer.echo(report.to_json(), nl=False)
        return
    stdout.print(_table(report))


def _opened(data: Path, progress: Progress) -> PosedSet:
    with training_installed(f"reading a set of people with joints such as {data}"):
        from training.data.config import DataConfig
        from training.data.posed.opening import open_posed_sets

    [posed] = open_posed_sets(DataConfig(path=data), report=progress)
    if not len(posed.held_out):
        raise ConfigurationError(f"{data} holds no picture with joints out, so nothing can be judged by it")
    return posed


def _person(samples: Samples, index: int) -> PosedPicture:
    view = samples.view(index)
    assert view.keypoints is not None, "sets of people with joints have them"
    return PosedPicture(view.image, view.keypoints)


def _write(report: PoseReport, people: Sequence[PosedPicture], folder: Path, pictures: int) -> None:
    """The report, and a sheet of people evenly out of the whole set."""
    from sightline.evaluation.poses.sheet import skeleton_sheet

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(report.to_json(), encoding="utf-8")
    if pictures:
        chosen = np.unique(np.linspace(0, len(people) - 1, min(pictures, len(people))).round().astype(int))
        shown = [people[index] for index in chosen]
        sheet = skeleton_sheet([each.image for each in shown], report.found[chosen], [each.keypoints for each in shown])
        Image.fromarray(sheet).save(folder / SHEET)
    stderr.print(f"Wrote {folder}", highlight=False, markup=False)


def _table(report: PoseReport) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("", "PCK@0.2 torso", "PCKh@0.5", "seen or not (AUC)", "ms a crop"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    percent = ("-" if np.isnan(value) else f"{100 * value:.1f}" for value in (report.pck, report.pckh, report.seen))
    table.add_row(f"{report.model} on {report.data}", *percent, f"{report.ms_per_crop:.1f}")
    for name, value in report.by_joint.items():
        table.add_row(f"  {name}", "-" if np.isnan(value) else f"{100 * value:.1f}", "", "", "")
    return table
