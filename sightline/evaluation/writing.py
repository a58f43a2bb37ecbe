"""A report on disk: documents, the CMC plot, and pictures of what was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sightline.decoding import ImageLimits
from sightline.errors import ConfigurationError
from sightline.evaluation.cmc_plot import PLOT_FILE, plot_cmc, require_matplotlib
from sightline.evaluation.figures import write_figures
from sightline.evaluation.insides import Insides
from sightline.evaluation.ranked_pictures import write_ranked_pictures
from sightline.evaluation.report import EvaluationReport

PICTURES_FOLDER = "ranked"


def prepare_report(folder: Path) -> None:
    """Find out before the long work whether a report can be written: make its folder, and see that plots can be drawn.

    Raises:
        ConfigurationError: the folder cannot be made, or matplotlib is not installed.
    """
    require_matplotlib()
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Figures:
    """Asked for beside the report.

    Attributes:
        insides: of the model; None = it cannot be looked into.
        pictures: of how many queries maps are shown.
    """

    insides: Insides | None = None
    pictures: int = 6


def write_report(
    report: EvaluationReport, folder: Path, *, pictures: int = 0, figures: Figures | None = None, limits: ImageLimits
) -> None:
    """Write ``evaluation.json``, ``evaluation.md``, ``cmc.png``, ``ranked/`` (first matches of some queries) and ``figures/``.

    Args:
        report: what was found.
        folder: made where it is missing; files of these names in it are replaced.
        pictures: of how many queries matches are shown.
        figures: what else is drawn; None = nothing.
        limits: of the encoded pictures.

    Raises:
        ConfigurationError: the folder cannot be written, or matplotlib is not installed.
    """
    evaluation = report.evaluation
    curves = {"plain": evaluation.plain.result}
    if evaluation.reranked is not None:
        curves["re-ranked"] = evaluation.reranked.result
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        shown = "" if figures is None else write_figures(report, figures.insides, folder, pictures=figures.pictures)
        report.write(folder, more=shown)
        plot_cmc(curves, report.title, folder / PLOT_FILE)
        if pictures:
            (folder / PICTURES_FOLDER).mkdir(exist_ok=True)
            write_ranked_pictures(evaluation, pictures, folder / PICTURES_FOLDER, limits=limits)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"the report cannot be written to {folder}: {error}") from error
