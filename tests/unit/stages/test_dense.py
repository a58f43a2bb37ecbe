from __future__ import annotations

import numpy as np
import pytest

from sightline.errors import ModelError
from sightline.stages.dense import DenseEstimator
from sightline.testing import FakeInference, FakeModel

SHAPE = (-1, 4, 2)


async def test_coordinates(specs):
    spec = specs.make("densepose", part=SHAPE, u=SHAPE, v=SHAPE)

    def run(inputs):
        shape = (len(inputs["crop"]), 4, 2)
        return {"part": np.full(shape, 7, np.uint8), "u": np.zeros(shape, np.float32), "v": np.ones(shape, np.float32)}

    dense = await DenseEstimator(FakeInference(FakeModel(spec, run)), spec).estimate(np.zeros((3, 16, 8, 3), np.uint8))
    assert dense.part.shape == dense.u.shape == (3, 4, 2)
    assert (dense.part == 7).all()


async def test_no_crops(specs):
    spec = specs.make("densepose", part=SHAPE, u=SHAPE, v=SHAPE)
    dense = await DenseEstimator(FakeInference(), spec).estimate(np.zeros((0, 16, 8, 3), np.uint8))
    assert dense.part.shape == (0, 4, 2)


def test_a_spec_without_parts_is_refused(specs):
    with pytest.raises(ModelError, match="no output 'part'"):
        DenseEstimator(FakeInference(), specs.make("densepose", u=SHAPE, v=SHAPE))
