"""The models that return at once keep the contract, whatever the batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.made_up import BOX_XYXY, DETECTOR, DIMENSION, EMBEDDER
from benchmarks.made_up_models import install_made_up
from sightline.models.local_inference import LocalInference
from sightline.models.repository import ModelRepository
from sightline.stages.detector import Detector
from sightline.stages.embedder import Embedder


@pytest.fixture
def inference(tmp_path: Path) -> LocalInference:
    repository = ModelRepository([tmp_path])
    install_made_up(repository)
    return LocalInference.load(repository.models())


@pytest.mark.parametrize("rows", [0, 1, 3])
async def test_the_detector_finds_one_person_in_each_picture(inference: LocalInference, rows: int) -> None:
    found = await Detector(inference, DETECTOR, min_score=0.1).detect(np.zeros((rows, 416, 416, 3), np.uint8))
    assert [one.boxes_xyxy.tolist() for one in found] == [[list(BOX_XYXY)]] * rows


@pytest.mark.parametrize("rows", [0, 1, 3])
async def test_the_embedder_gives_unit_vectors(inference: LocalInference, rows: int) -> None:
    embeddings = await Embedder(inference, EMBEDDER).embed(np.zeros((rows, 256, 128, 3), np.uint8))
    assert embeddings.vectors.shape == (rows, DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(embeddings.vectors, axis=1), 1, rtol=1e-5)
