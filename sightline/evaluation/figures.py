"""The pictures that papers show of their nets, for a report: ranks of right matches, maps, part weights."""

from __future__ import annotations

from pathlib import Path

from sightline.evaluation.activity_sheets import write_activity_sheets
from sightline.evaluation.insides import Insides
from sightline.evaluation.part_weight_figure import PLOT_FILE as WEIGHTS_PLOT
from sightline.evaluation.part_weight_figure import part_weight_table, write_part_weights
from sightline.evaluation.report import EvaluationReport
from sightline.evaluation.right_match_ranks import NUMBERS_FILE, WITHIN, write_right_match_ranks
from sightline.evaluation.right_match_ranks import PLOT_FILE as RANKS_PLOT

FOLDER, MAPS_FOLDER = "figures", "feature_maps"


def write_figures(report: EvaluationReport, insides: Insides | None, folder: Path, *, pictures: int) -> str:
    """Write ``figures/`` into a folder that exists. matplotlib must be installed.

    Args:
        report: what was found.
        insides: of the model; None = it cannot be looked into, as an ONNX file.
        folder: of the report.
        pictures: of how many queries maps are shown.

    Returns:
        Markdown that shows them, for the report.
    """
    inside = folder / FOLDER
    inside.mkdir(exist_ok=True)
    sections = ["## Figures", _ranks(report, inside)]
    if insides is not None:
        sections += [_maps(report, insides, inside, pictures), _weights(report, insides, inside)]
    return "\n\n".join(section for section in sections if section) + "\n"


def _ranks(report: EvaluationReport, folder: Path) -> str:
    numbers = write_right_match_ranks(report.evaluation, f"{report.title}: ranks of all right matches", folder)
    within = ", ".join(f"{100 * numbers['within'][str(first)]:.1f} % among the first {first}" for first in WITHIN)
    return (
        f"### Ranks of all right matches\n\n![Ranks of all right matches]({FOLDER}/{RANKS_PLOT})\n\n"
        f"{numbers['right_matches']} right matches in a gallery of {numbers['gallery']}: {within}. "
        f"Numbers by query: [{NUMBERS_FILE}]({FOLDER}/{NUMBERS_FILE})."
    )


def _maps(report: EvaluationReport, insides: Insides, folder: Path, pictures: int) -> str:
    (folder / MAPS_FOLDER).mkdir(exist_ok=True)
    paths = write_activity_sheets(report.evaluation, insides, pictures, folder / MAPS_FOLDER)
    if not paths:
        return ""
    shown = "\n\n".join(f"![{path.stem}]({FOLDER}/{MAPS_FOLDER}/{path.name})" for path in paths)
    return (
        "### Feature maps\n\nEach query above its first right match, as the net sees them, from the worst average precision to "
        "the best. A map shows how strongly each of its cells answers (the length of its vector of channels), scaled from the "
        f"least to the most of that map; boxes are where the net looks apart.\n\n{shown}"
    )


def _weights(report: EvaluationReport, insides: Insides, folder: Path) -> str:
    weights = insides.part_weights()
    if not weights:
        return ""
    write_part_weights(weights, f"{report.model.name}: learned part weights", folder)
    return f"### Learned part weights\n\n![Learned part weights]({FOLDER}/{WEIGHTS_PLOT})\n\n{part_weight_table(weights)}"
