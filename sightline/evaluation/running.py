"""A whole evaluation: embed, rank."""

from __future__ import annotations

import time
from collections.abc import Callable

from sightline.attribute_table import AttributeTable
from sightline.evaluation.attribute_accuracy import AttributeAccuracy, attribute_accuracy
from sightline.evaluation.embedded import EmbeddedPictures, Embedder
from sightline.evaluation.evaluating import EvaluationOptions, evaluate
from sightline.evaluation.market_layout import LabelledFolder, LabelledPicture
from sightline.evaluation.report import EvaluationReport

Progress = Callable[[str, int, int], None]
"""Hears what is being done, how much more of it is, and how much there is in all (0 = it cannot be counted)."""


def run_evaluation(
    folder: LabelledFolder,
    embedder: Embedder,
    options: EvaluationOptions,
    *,
    attributes: AttributeTable | None = None,
    progress: Progress = lambda _doing, _done, _total: None,
    monotonic: Callable[[], float] = time.monotonic,
) -> EvaluationReport:
    """Evaluate a model on labelled pictures. Blocking; needs no server.

    Args:
        folder: the pictures.
        embedder: the model.
        options: of the ranking.
        attributes: what is known of the people: a model that tells attributes is held to it.
        progress: hears what is being done.
        monotonic: a clock.

    Raises:
        ConfigurationError: a picture cannot be used, or nothing can be ranked; the message says which and why.
        ModelError: the model breaks its contract.
    """
    pictures = _to_embed(folder, multi_query=options.multi_query is not None)
    progress("embedding", 0, len(pictures))
    started = monotonic()
    embedded = embedder.embed(pictures, lambda done: progress("embedding", done, len(pictures)))
    seconds = monotonic() - started
    progress("ranking", 0, 0)
    evaluation = evaluate(folder, embedded, options)
    told = _accuracy(embedder.facts.attributes, embedded, attributes)
    return EvaluationReport(embedder.facts, folder, embedded, evaluation, embedder.flip, seconds, told)


def _accuracy(
    names: tuple[str, ...], embedded: EmbeddedPictures, table: AttributeTable | None
) -> tuple[AttributeAccuracy, ...]:
    if table is None or embedded.attributes is None:
        return ()
    return attribute_accuracy(names, embedded.attributes, list(embedded.rows), table)


def _to_embed(folder: LabelledFolder, *, multi_query: bool) -> list[LabelledPicture]:
    """Queries, gallery and, of the pictures for multi-query, those of the queries' people and cameras."""
    asked = {(picture.pid, picture.camid) for picture in folder.query} if multi_query else set()
    more = [picture for picture in folder.multi_query if (picture.pid, picture.camid) in asked]
    return [*folder.query, *folder.gallery, *more]
