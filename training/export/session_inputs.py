"""Crops as inputs of the model contract, some at a time, and what a session makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.models.session import OnnxSession
from sightline.types import Float32Array
from training.export.gate_data import Crops
from training.export.onnx_file import ATTRIBUTES, CROP, EMBEDDING, KEYPOINTS

Arrays = dict[str, NDArray[Any]]
"""Input name -> array; ``crop`` first."""

_BATCH = 32


def batches(crops: Crops, *, with_keypoints: bool) -> Iterator[Arrays]:
    """At most 32 crops at a time, in order."""
    for start in range(0, len(crops.images), _BATCH):
        part = slice(start, start + _BATCH)
        yield {CROP: crops.images[part]} | ({KEYPOINTS: crops.keypoints[part]} if with_keypoints else {})


def embeddings_of(session: OnnxSession, crops: Crops) -> Float32Array:
    """float32 (N, D).

    Raises:
        ModelError: the net cannot be run.
    """
    return described_by(session, crops)[0]


def described_by(session: OnnxSession, crops: Crops) -> tuple[Float32Array, Float32Array]:
    """Embeddings float32 (N, D), and probabilities of the values of attributes (N, A); A = 0 where the net names none.

    Raises:
        ModelError: the net cannot be run.
    """
    with_keypoints = any(tensor.name == KEYPOINTS for tensor in session.input_tensors)
    found = [session.run(batch) for batch in batches(crops, with_keypoints=with_keypoints)]
    none = np.zeros((len(crops.images), 0), np.float32)
    attributes = [each[ATTRIBUTES] for each in found if ATTRIBUTES in each]
    embeddings = np.concatenate([each[EMBEDDING] for each in found]).astype(np.float32)
    return embeddings, np.concatenate(attributes).astype(np.float32) if attributes else none
