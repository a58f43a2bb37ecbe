from __future__ import annotations

import numpy as np
import pytest

from sightline.errors import ModelError
from sightline.stages.detector import Detector
from sightline.testing import FakeInference, FakeModel


@pytest.fixture
def spec(specs):
    return specs.make("detector", boxes=(-1, 100, 4), scores=(-1, 100))


def detect_as(spec, *scores, min_score=0.1):
    """A detector over a model that finds boxes (i, i, i + 9, i + 9) with these scores in every picture."""

    def run(inputs):
        count = len(inputs["image"])
        found = {"boxes": np.zeros((count, 100, 4), np.float32), "scores": np.zeros((count, 100), np.float32)}
        for row, score in enumerate(scores):
            found["boxes"][:, row] = (row, row, row + 9, row + 9)
            found["scores"][:, row] = score
        return found

    server = FakeInference(FakeModel(spec, run))
    return Detector(server, spec, min_score=min_score), server


async def test_no_pictures_are_answered_without_a_call(spec):
    detector, server = detect_as(spec, 0.9)
    assert await detector.detect(np.zeros((0, 16, 8, 3), np.uint8)) == []
    assert server.calls == []


async def test_only_real_rows_above_the_minimum(spec):
    detector, server = detect_as(spec, 0.9, 0.5, 0.1, 0.09)
    first, second = await detector.detect(np.zeros((2, 16, 8, 3), np.uint8))
    np.testing.assert_allclose(first.scores, [0.9, 0.5, 0.1], rtol=1e-6)
    np.testing.assert_array_equal(second.boxes_xyxy[2], [2, 2, 11, 11])
    assert server.calls == [("a_detector", 2)]


async def test_padding_is_never_a_detection(spec):
    detector, _ = detect_as(spec, 0.9, min_score=0.0)
    [found] = await detector.detect(np.zeros((1, 16, 8, 3), np.uint8))
    assert len(found) == 1


async def test_nobody(spec):
    detector, _ = detect_as(spec)
    [found] = await detector.detect(np.zeros((1, 16, 8, 3), np.uint8))
    assert found.boxes_xyxy.shape == (0, 4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scores": np.zeros((1, 99), np.float32)},
        {"scores": np.zeros((2, 100), np.float32)},
        {"boxes": np.zeros((1, 100, 4), np.float64)},
        {"boxes": np.zeros((1, 400), np.float32)},
        {"boxes": None},
    ],
)
async def test_outputs_that_break_the_contract_are_refused(spec, wrong):
    good = {"boxes": np.zeros((1, 100, 4), np.float32), "scores": np.zeros((1, 100), np.float32)}
    answer = {name: array for name, array in (good | wrong).items() if array is not None}
    detector = Detector(FakeInference(FakeModel(spec, lambda _: answer)), spec, min_score=0.1)
    with pytest.raises(ModelError, match=next(iter(wrong))):
        await detector.detect(np.zeros((1, 16, 8, 3), np.uint8))


def test_a_model_of_another_kind_is_refused(specs):
    with pytest.raises(ModelError, match="expected a model of kind detector"):
        Detector(FakeInference(), specs.make("embedder", embedding=(-1, 4)), min_score=0.1)


def test_a_spec_without_scores_is_refused(specs):
    with pytest.raises(ModelError, match="no output 'scores'"):
        Detector(FakeInference(), specs.make("detector", boxes=(-1, 100, 4)), min_score=0.1)
