"""A whole evaluation: read the folder, load the model, embed, rank."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sightline.decoding import ImageLimits
from sightline.errors import ConfigurationError
from sightline.evaluation.embedder_file import LoadedEmbedder, load_embedder
from sightline.evaluation.embedding import PictureEmbedder
from sightline.evaluation.evaluating import EvaluationOptions, evaluate
from sightline.evaluation.keypoints_file import FILE_NAME, Keypoints, find_keypoints, read_keypoints
from sightline.evaluation.market_layout import LabelledFolder, LabelledPicture, read_market_layout
from sightline.evaluation.report import EvaluationReport
from sightline.settings import Settings

Progress = Callable[[str, int, int], None]
"""Hears what is being done, how much more of it is, and how much there is in all (0 = it cannot be counted)."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to evaluate, and how.

    Attributes:
        model: a name in the model repositories, or the path of an ONNX file.
        data: a folder in Market-1501 layout.
        options: how to rank.
        flip: add the features of the mirrored pictures.
        keypoints: a file of key points, for models that take them; None = ``keypoints.npz`` in the folder or beside it.
        batch_size: pictures a run.
        threads: of ONNX Runtime; None = all cores of the settings.
        skip_corrupt: leave out pictures that cannot be decoded.
    """

    model: str
    data: Path
    options: EvaluationOptions = field(default_factory=EvaluationOptions)
    flip: bool = False
    keypoints: Path | None = None
    batch_size: int = 32
    threads: int | None = None
    skip_corrupt: bool = False


def run_evaluation(
    request: EvaluationRequest,
    settings: Settings,
    *,
    progress: Progress = lambda _doing, _done, _total: None,
    monotonic: Callable[[], float] = time.monotonic,
) -> EvaluationReport:
    """Evaluate a model on labelled pictures. Blocking; needs no server.

    Raises:
        ConfigurationError: the folder, the model, the key points or a picture cannot be used; the message says which and why.
        ModelError: the model breaks its contract.
    """
    folder = read_market_layout(request.data)
    progress("loading", 0, 0)
    model = load_embedder(request.model, settings, threads=request.threads or settings.cores.total or os.cpu_count() or 1)
    embedder = PictureEmbedder(
        model,
        ImageLimits.from_settings(settings.stream),
        batch_size=request.batch_size,
        flip=request.flip,
        keypoints=_keypoints(model, request),
        skip_corrupt=request.skip_corrupt,
    )
    pictures = _to_embed(folder, multi_query=request.options.multi_query is not None)
    progress("embedding", 0, len(pictures))
    started = monotonic()
    embedded = embedder.embed(pictures, lambda done: progress("embedding", done, len(pictures)))
    seconds = monotonic() - started
    progress("ranking", 0, 0)
    return EvaluationReport(model.spec, folder, embedded, evaluate(folder, embedded, request.options), request.flip, seconds)


def _to_embed(folder: LabelledFolder, *, multi_query: bool) -> list[LabelledPicture]:
    """Queries, gallery and, of the pictures for multi-query, those of the queries' people and cameras."""
    asked = {(picture.pid, picture.camid) for picture in folder.query} if multi_query else set()
    more = [picture for picture in folder.multi_query if (picture.pid, picture.camid) in asked]
    return [*folder.query, *folder.gallery, *more]


def _keypoints(model: LoadedEmbedder, request: EvaluationRequest) -> Keypoints | None:
    if not model.uses_keypoints:
        if request.keypoints is not None:
            _log.warning("%s takes no key points: %s is not read", model.spec.name, request.keypoints)
        return None
    path = request.keypoints or find_keypoints(request.data)
    if path is None:
        raise ConfigurationError(
            f"{model.spec.name} takes key points, and there is no {FILE_NAME} in {request.data} or beside it: name the file "
            "with --keypoints FILE.npz (arrays name, xy in pixels; see docs/evaluation.md)"
        )
    return read_keypoints(path)
