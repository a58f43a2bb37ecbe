"""An evaluation as a document: JSON for programs, Markdown for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sightline.evaluation.attribute_accuracy import AttributeAccuracy
from sightline.evaluation.embedded import EmbeddedPictures, ModelFacts
from sightline.evaluation.evaluating import Evaluation, Ranking
from sightline.evaluation.market_layout import LabelledFolder
from sightline.ranking import VARIANTS

RANKS = (1, 5, 10, 20)
JSON_FILE, MARKDOWN_FILE = "evaluation.json", "evaluation.md"


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationReport:
    """What was evaluated on what, and how well it did.

    Attributes:
        model: which was evaluated.
        folder: of the pictures.
        embedded: what became of them.
        evaluation: the rankings.
        flip: whether mirrored pictures were added.
        embed_seconds: it took to embed the pictures.
        attributes: how often the model is right about each; empty = it tells none, or nobody labelled them.
    """

    model: ModelFacts
    folder: LabelledFolder
    embedded: EmbeddedPictures
    evaluation: Evaluation
    flip: bool
    embed_seconds: float
    attributes: tuple[AttributeAccuracy, ...] = ()

    @property
    def title(self) -> str:
        """What was evaluated on what."""
        return f"{self.model.name} on {self.folder.name}"

    def document(self) -> dict[str, Any]:
        """Plain data. Figures are parts of 1; the top level holds those of the ranking that was asked for."""
        evaluation, options = self.evaluation, self.evaluation.options
        return {
            **_figures(evaluation.best),
            "reranked": options.rerank,
            "plain": _figures(evaluation.plain),
            "model": _without(asdict(self.model), "attributes"),
            "data": {
                "name": self.folder.name,
                "queries": len(evaluation.queries.pictures),
                "gallery": len(evaluation.gallery.pictures),
                "distractors": int((evaluation.gallery.pids == 0).sum()),
                "junk": evaluation.junk,
                "corrupt": [f"{item.picture.path.parent.name}/{item.picture.path.name}" for item in self.embedded.corrupt],
                "without_keypoints": self.embedded.without_keypoints,
            },
            "options": {
                "metric": options.metric,
                "protocol": options.protocol,
                "flip": self.flip,
                "multi_query": options.multi_query,
                "query_cameras": list(options.query_cameras),
                "gallery_cameras": list(options.gallery_cameras),
                "rerank": options.rerank,
                "seed": options.seed,
            },
            "by_query_camera": _by_camera(evaluation),
            "attributes": {of.attribute: _without(asdict(of), "attribute") for of in self.attributes},
            "seconds": self._seconds(),
        }

    def to_json(self) -> str:
        """:meth:`document` as text."""
        return json.dumps(self.document(), indent=2) + "\n"

    def to_markdown(self) -> str:
        """The document's figures as tables, in percent."""
        evaluation, document = self.evaluation, self.document()
        data, options = document["data"], document["options"]
        said = [
            f"Model: {self.model}.",
            f"{data['queries']} queries ({evaluation.plain.result.queries} with an answer), {data['gallery']} gallery pictures "
            f"({data['distractors']} of distractors); {data['junk']} junk pictures dropped.",
            "; ".join(f"{name.replace('_', ' ')}: {_word(value)}" for name, value in options.items()) + ".",
        ]
        if data["corrupt"]:
            said.append(f"Left out, as they cannot be decoded: {', '.join(data['corrupt'])}.")
        if data["without_keypoints"]:
            said.append(f"{data['without_keypoints']} pictures have no key points: all their joints were taken as unseen.")
        rankings = {"plain": evaluation.plain} | ({"re-ranked": evaluation.reranked} if evaluation.reranked else {})
        tables = [_table(rankings), _camera_table(document)]
        if self.attributes:
            tables.append(_attribute_table(self.attributes))
        return "\n\n".join([f"# {self.title}", *said, *tables]) + "\n"

    def write(self, folder: Path, *, more: str = "") -> None:
        """Write both documents into a folder that exists; ``more`` is Markdown that stands at the end of the one for people."""
        (folder / JSON_FILE).write_text(self.to_json())
        (folder / MARKDOWN_FILE).write_text(self.to_markdown() + (f"\n{more}" if more else ""))

    def _seconds(self) -> dict[str, float]:
        seconds = {"embed": self.embed_seconds, "rank": self.evaluation.plain.seconds}
        if self.evaluation.reranked is not None:
            seconds["rerank"] = self.evaluation.reranked.seconds
        return {name: round(value, 3) for name, value in seconds.items()}


def _figures(ranking: Ranking) -> dict[str, Any]:
    cmc = ranking.result.cmc
    return {
        **{f"rank_{rank}": _at(ranking, rank) for rank in RANKS},
        "mean_ap": ranking.result.mean_ap,
        "mean_ap_variants": ranking.mean_ap(),
        "queries": ranking.result.queries,
        "cmc": [round(float(value), 6) for value in cmc],
    }


def _at(ranking: Ranking, rank: int) -> float | None:
    """The CMC at a rank; None beyond its length."""
    return float(ranking.result.cmc[rank - 1]) if rank <= len(ranking.result.cmc) else None


def _by_camera(evaluation: Evaluation) -> list[dict[str, Any]]:
    """rank-1 (over the whole gallery) and mAP of the queries of each camera."""
    result = evaluation.best.result
    camids = evaluation.queries.camids[result.counted]
    first = np.array([ranks[0] for ranks in result.hit_ranks])
    rows = []
    for camid in np.unique(camids):
        own = camids == camid
        mean_ap = float(result.average_precisions[own].mean())
        rows.append(
            {"camera": int(camid), "queries": int(own.sum()), "rank_1": float((first[own] == 1).mean()), "mean_ap": mean_ap}
        )
    return rows


def _table(rankings: Mapping[str, Ranking]) -> str:
    head = ["ranking", *(f"rank-{rank}" for rank in RANKS), *(f"mAP, {kind.replace('_', '-')}" for kind in VARIANTS)]
    rows = []
    for name, ranking in rankings.items():
        variants = ranking.mean_ap()
        rows.append([name, *(_percent(_at(ranking, rank)) for rank in RANKS), *(_percent(variants[kind]) for kind in VARIANTS)])
    return markdown_table(head, rows)


def _camera_table(document: Mapping[str, Any]) -> str:
    rows = [
        [str(row["camera"]), str(row["queries"]), _percent(row["rank_1"]), _percent(row["mean_ap"])]
        for row in document["by_query_camera"]
    ]
    return markdown_table(["camera of the query", "queries", "rank-1", "mAP"], rows)


def _without(values: Mapping[str, Any], left_out: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != left_out}


def _attribute_table(attributes: Sequence[AttributeAccuracy]) -> str:
    rows = [
        [of.attribute, str(of.pictures), _percent(of.accuracy), _percent(of.balanced), _percent(of.commonest)]
        for of in attributes
    ]
    return markdown_table(["attribute", "pictures", "right", "right, mean of its values", "always the commonest"], rows)


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def _percent(part: float | None) -> str:
    return "" if part is None else f"{100 * part:.1f}"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "all"
    return "no" if value is None else str(value)
