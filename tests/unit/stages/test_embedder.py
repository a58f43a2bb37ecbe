from __future__ import annotations

import numpy as np

from sightline.stages.embedder import Embedder
from sightline.testing import FakeInference, FakeModel

CROPS = np.zeros((3, 16, 8, 3), np.uint8)


def embedder_over(spec, **outputs):
    seen = []

    def run(inputs):
        seen.append(inputs)
        return {name: np.full((len(inputs["crop"]), width), 0.5, np.float32) for name, width in outputs.items()}

    return Embedder(FakeInference(FakeModel(spec, run)), spec), seen


async def test_no_crops_are_answered_without_a_call(specs):
    embedder, seen = embedder_over(specs.make("embedder", embedding=(-1, 4), attributes=(-1, 2)))
    embeddings = await embedder.embed(CROPS[:0])
    assert embeddings.vectors.shape == (0, 4)
    assert embeddings.attributes.shape == (0, 2)
    assert not seen


async def test_vectors_carry_their_space(specs):
    spec = specs.make("embedder", embedding=(-1, 4))
    embedder, _ = embedder_over(spec, embedding=4)
    embeddings = await embedder.embed(CROPS)
    assert embeddings.vectors.shape == (3, 4)
    assert embeddings.space == spec.embedding_space.name == "a_embedder_v1_4_000000000000"


async def test_a_model_without_attributes_gives_none(specs):
    embedder, _ = embedder_over(specs.make("embedder", embedding=(-1, 4)), embedding=4)
    assert (await embedder.embed(CROPS)).attributes.shape == (3, 0)


async def test_attributes(specs):
    embedder, _ = embedder_over(specs.make("embedder", embedding=(-1, 4), attributes=(-1, 2)), embedding=4, attributes=2)
    assert (await embedder.embed(CROPS)).attributes.shape == (3, 2)


async def test_key_points_go_only_to_models_that_use_them(specs):
    joints = np.full((3, 5, 3), 0.25, np.float32)
    plain, seen_plain = embedder_over(specs.make("embedder", embedding=(-1, 4)), embedding=4)
    await plain.embed(CROPS, joints)
    assert set(seen_plain[0]) == {"crop"}

    spec = specs.make("embedder", inputs={"keypoints": (-1, 5, 3)}, embedding=(-1, 4))
    posed, seen_posed = embedder_over(spec, embedding=4)
    await posed.embed(CROPS, joints)
    await posed.embed(CROPS)
    np.testing.assert_array_equal(seen_posed[0]["keypoints"], joints)
    np.testing.assert_array_equal(seen_posed[1]["keypoints"], np.zeros((3, 5, 3)))
