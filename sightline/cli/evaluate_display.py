"""What `sightline evaluate` prints."""

from __future__ import annotations

from rich.table import Table

from sightline.evaluation.report import RANKS, EvaluationReport


def figures_table(report: EvaluationReport) -> Table:
    """CMC and mAP in percent, a row a ranking."""
    document = report.document()
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("")
    for heading in (*(f"rank-{rank}" for rank in RANKS), "mAP"):
        table.add_column(heading, justify="right", no_wrap=True)
    rankings = {"plain": document["plain"]} | ({"re-ranked": document} if document["reranked"] else {})
    for name, figures in rankings.items():
        parts = [*(figures[f"rank_{rank}"] for rank in RANKS), figures["mean_ap"]]
        table.add_row(name, *("" if part is None else f"{100 * part:.1f}" for part in parts))
    return table


def attributes_table(report: EvaluationReport) -> Table:
    """How often the model is right about each attribute, in percent."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("attribute")
    for heading in ("pictures", "right", "mean of its values", "always the commonest"):
        table.add_column(heading, justify="right")
    for of in report.attributes:
        parts = (of.accuracy, of.balanced, of.commonest)
        table.add_row(of.attribute, str(of.pictures), *(f"{100 * part:.1f}" for part in parts))
    return table


def remarks(report: EvaluationReport) -> list[str]:
    """What a reader of the figures must know."""
    document = report.document()
    data = document["data"]
    sizes = f"{data['queries']} queries, {data['gallery']} gallery pictures, {data['junk']} junk pictures dropped"
    said = [f"{report.title}: {sizes}"]
    if data["corrupt"]:
        said.append(f"{len(data['corrupt'])} pictures cannot be read and were left out: {', '.join(data['corrupt'][:3])} …")
    if data["without_keypoints"]:
        said.append(f"{data['without_keypoints']} pictures have no key points: all their joints were taken as unseen")
    unanswered = data["queries"] - document["plain"]["queries"]
    if unanswered:
        said.append(f"{unanswered} queries have no answer in another camera and do not count")
    return said
