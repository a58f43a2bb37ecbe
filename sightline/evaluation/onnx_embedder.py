"""An ONNX model as an evaluation's embedder."""

from __future__ import annotations

import logging

from sightline.decoding import ImageLimits
from sightline.evaluation.embedder_file import LoadedEmbedder, load_embedder
from sightline.evaluation.embedding import PictureEmbedder
from sightline.evaluation.embedding_options import EmbeddingOptions
from sightline.evaluation.keypoints_file import find_keypoints, no_keypoints
from sightline.keypoint_table import KeypointTable, read_keypoints
from sightline.settings import Settings

_log = logging.getLogger(__name__)


def onnx_embedder(model: str, options: EmbeddingOptions, settings: Settings) -> PictureEmbedder:
    """Load a model. Blocking: some seconds where it is to be wrapped first.

    Args:
        model: a name in the model repositories, or the path of an ONNX file.
        options: how to embed.
        settings: say where the repositories are, and what a picture may be.

    Raises:
        ConfigurationError: there is no such model, it is no embedder, or its key points are missing.
        ModelError: the file cannot be used as an embedder; the message says what was expected and found.
    """
    loaded = load_embedder(model, settings, threads=options.threads)
    return PictureEmbedder(
        loaded,
        ImageLimits.from_settings(settings.stream),
        batch_size=options.batch_size,
        flip=bool(options.flip),
        keypoints=_keypoints(loaded, options),
        skip_corrupt=options.skip_corrupt,
    )


def _keypoints(model: LoadedEmbedder, options: EmbeddingOptions) -> KeypointTable | None:
    if not model.uses_keypoints:
        if options.keypoints is not None:
            _log.warning("%s takes no key points: %s is not read", model.spec.name, options.keypoints)
        return None
    path = options.keypoints or find_keypoints(options.places)
    if path is None:
        raise no_keypoints(model.spec.name, options.places)
    return read_keypoints(path)
