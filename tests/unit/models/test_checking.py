from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sightline.errors import ConfigurationError, ModelError, ServiceUnavailable
from sightline.models.adding import add_model
from sightline.models.checking import check_model
from sightline.models.importer.recipe import IMAGENET, YOLOX, Recipe
from sightline.models.local_inference import LocalInference
from sightline.models.repository import ModelRepository
from sightline.models.selection import select_models
from sightline.settings import load_settings
from sightline.testing import FakeInference, FakeModel

EMBEDDER = Recipe(head="embedding", pixels=IMAGENET)


@pytest.fixture
def repository(tmp_path):
    return ModelRepository([tmp_path / "models"])


async def test_a_sound_model_passes_here(repository, nets, pictures):
    for file, recipe in ((nets.yolox(), YOLOX), (nets.embedder(), EMBEDDER)):
        added = add_model(repository, file, recipe=recipe, pictures=pictures(3))
        check = await check_model(added.model, pictures(4), triton=None)
        assert check.passed
        assert not check.on_triton


async def test_a_server_that_answers_otherwise_is_noticed(repository, nets, pictures):
    model = add_model(repository, nets.embedder(), recipe=EMBEDDER, pictures=pictures(2)).model
    wrong = FakeInference(FakeModel(model.spec, lambda inputs: {"embedding": np.ones((len(inputs["crop"]), 6), np.float32)}))
    check = await check_model(model, pictures(2), triton=wrong)
    assert not check.passed
    assert [d.accepted for d in check.differences] == [True, False]


async def test_a_server_with_other_tensors_is_noticed(repository, nets, pictures):
    model = add_model(repository, nets.embedder(), recipe=EMBEDDER, pictures=pictures(2)).model
    wrong = FakeInference(FakeModel(model.spec, lambda _: {"other": np.ones((1, 6), np.float32)}))
    with pytest.raises(ModelError, match="expected embedding float32"):
        await check_model(model, pictures(2), triton=wrong)


async def test_changed_weights_are_noticed(repository, nets, pictures):
    model = add_model(repository, nets.embedder(), recipe=EMBEDDER, pictures=pictures(2)).model
    model.onnx.write_bytes(model.onnx.read_bytes() + b"\x00")
    with pytest.raises(ModelError, match="was changed"):
        await check_model(model, pictures(2), triton=None)


def test_versions_count_up_with_content_only(repository, nets, pictures):
    file = nets.embedder()
    first = add_model(repository, file, recipe=EMBEDDER, pictures=pictures(2))
    again = add_model(repository, file, recipe=EMBEDDER, pictures=pictures(2))
    other = add_model(repository, file, recipe=replace(EMBEDDER, terms="MIT"), pictures=pictures(2))
    assert [(a.model.spec.version, a.changed) for a in (first, again, other)] == [(1, True), (1, False), (2, True)]
    assert first.model.spec.embedding_space != other.model.spec.embedding_space


async def test_local_inference_names_what_it_lacks(repository, nets, pictures):
    model = add_model(repository, nets.embedder(), recipe=EMBEDDER, pictures=pictures(2)).model
    local = LocalInference.load([model])
    with pytest.raises(ServiceUnavailable, match="reid_other is not loaded"):
        await local.infer("reid_other", {"crop": np.zeros((1, 16, 8, 3), np.uint8)})


def test_stages_get_their_models_from_the_settings(repository, nets, pictures):
    settings = load_settings(triton={"model_repositories": [str(repository.folders[0])]}, pipeline={"pose": {"enabled": True}})
    with pytest.raises(ConfigurationError, match="kind detector"):
        select_models(settings)
    add_model(repository, nets.yolox(), pictures=pictures(3))
    add_model(repository, nets.embedder(), recipe=EMBEDDER, pictures=pictures(2))
    chosen = select_models(settings)
    assert chosen.names == ("person_detector", "reid_net")
    assert chosen.pose is None
