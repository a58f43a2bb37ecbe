"""A report on disk: documents, the CMC plot, and pictures of what was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sightline.decoding import ImageLimits
from sightline.errors import ConfigurationError
from sightline.evaluation.cmc_plot import PLOT_FILE, plot_cmc, require_matplotlib
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


def write_report(report: EvaluationReport, folder: Path, *, pictures: int = 0, limits: ImageLimits) -> None:
    """Write ``evaluation.json``, ``evaluation.md``, ``cmc.png`` and, in ``ranked/``, the first matches of some queries.

    Args:
        report: what was found.
        folder: made where it is missing; files of these names in it are replaced.
        pictures: of how many queries.
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
        report.write(folder)
        plot_cmc(curves, f"{report.spec.name} on {report.folder.name}", folder / PLOT_FILE)
        if pictures:
            (folder / PICTURES_FOLDER).mkdir(exist_ok=True)
            write_ranked_pictures(evaluation, pictures, folder / PICTURES_FOLDER, limits=limits)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"the report cannot be written to {folder}: {error}") from error
