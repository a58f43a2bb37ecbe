"""Two models compared: what their specs and cards say, how they do on labelled people, and on what the cameras saw."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from sightline.cli.console import stderr

if TYPE_CHECKING:
    from sightline.models.repository import InstalledModel
    from sightline.rollout.neighbours import NeighbourAgreement
    from sightline.settings import Settings


def labelled_figures(model: InstalledModel, data: Path, settings: Settings) -> dict[str, float]:
    """Rank-1 and mAP of an embedder on labelled people, in [0, 1]. Blocking: needs no server.

    Raises:
        ConfigurationError: the data cannot be used; the message says why.
    """
    from sightline.cli.evaluate_plan import people_in
    from sightline.evaluation.embedding_options import EmbeddingOptions
    from sightline.evaluation.evaluating import EvaluationOptions
    from sightline.evaluation.onnx_embedder import onnx_embedder
    from sightline.evaluation.running import run_evaluation

    with stderr.status(f"Evaluating {model.spec.name} on {data}…"):
        people, places = people_in(data, any_layout=False, progress=lambda _doing, _done, _total: None)
        options = EmbeddingOptions(threads=settings.cores.total or os.cpu_count() or 1, places=places)
        embedder = onnx_embedder(model.spec.name, options, settings)
        document = run_evaluation(people, embedder, EvaluationOptions()).document()
    return {"rank-1": float(document["rank_1"]), "mAP": float(document["mean_ap"])}


def comparison_table(first: InstalledModel, second: InstalledModel) -> Table:
    """The specs side by side; what differs is bold."""
    from sightline.rollout.model_diff import spec_lines

    table = Table(box=None, header_style="bold")
    for heading in ("", first.spec.name, second.spec.name):
        table.add_column(heading, overflow="fold")
    for line in spec_lines(first, second):
        style = "bold" if line.differs else "dim"
        table.add_row(line.what, escape(line.first), escape(line.second), style=style)
    return table


def describe_agreement(agreement: NeighbourAgreement) -> list[str]:
    """In lines for people."""
    if not agreement.queries:
        return ["Neighbours: no sighting is in both spaces and has another track beside it: nothing to compare."]
    common = f"{100 * agreement.shared:.0f} % of the first {agreement.neighbours} in common"
    return [
        f"Neighbours of {agreement.queries} sightings: {common}, the same best match for {100 * agreement.same_best:.0f} %",
        f"Cosine of the best match (5 / 50 / 95 %): {agreement.first_scores} before, {agreement.second_scores} now",
    ]
