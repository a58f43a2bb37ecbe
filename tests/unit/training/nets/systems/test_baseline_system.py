"""The strong baseline: what it gives, what it learns, what is exported of it."""

from __future__ import annotations

import io

import numpy as np
import onnxruntime
import pytest
import torch

from training.batch import Inputs
from training.nets.backbones.config import NarrowResidualConfig, ResNetConfig
from training.nets.system import System
from training.nets.systems.baseline import Baseline, BaselineConfig
from training.recipe import DataFacts
from training.recipes.baseline import BaselineRecipe, baseline_cpu

FACTS = DataFacts(classes=11, attributes={})


def pictures(count: int, *, seed: int = 0) -> Inputs:
    generator = torch.Generator().manual_seed(seed)
    return Inputs(torch.randint(0, 256, (count, 3, 128, 64), generator=generator, dtype=torch.uint8))


@pytest.fixture
def system() -> Baseline:
    torch.manual_seed(0)
    return Baseline(BaselineConfig(backbone=NarrowResidualConfig(width=0.25), descriptor=24), classes=11)


def test_it_gives_logits_and_the_descriptor_before_the_neck(system: Baseline) -> None:
    outputs = system(pictures(4))
    assert outputs.logits["global"].shape == (4, 11)
    assert outputs.features["global"].shape == (4, 24)
    assert system.embedding_dim == 24
    system.eval()
    before = system(pictures(4)).features["global"]
    torch.testing.assert_close(system.describe(pictures(4)), system.neck(before))


def test_every_weight_learns(system: Baseline) -> None:
    outputs = system(pictures(6))
    (outputs.logits["global"].square().mean() + outputs.features["global"].square().mean()).backward()
    without = [name for name, weight in system.named_parameters() if weight.requires_grad and weight.grad is None]
    assert not without


@pytest.mark.parametrize("pooling", ["average", "average_max", "gem"])
def test_without_a_reduction_the_pooled_features_are_the_descriptor(pooling: str) -> None:
    config = BaselineConfig.model_validate(
        {"backbone": {"kind": "narrow_residual", "width": 0.25}, "pooling": pooling, "descriptor": None}
    )
    system = Baseline(config, classes=3).eval()
    assert system.embedding_dim == (128 if pooling == "average_max" else 64)
    assert system.embed(pictures(1)).shape == (1, system.embedding_dim)


def test_embeddings_have_length_one_and_an_empty_batch_its_rank(system: Baseline) -> None:
    system.eval()
    torch.testing.assert_close(system.embed(pictures(3)).norm(dim=1), torch.ones(3))
    assert system.embed(Inputs(torch.zeros(0, 3, 128, 64, dtype=torch.uint8))).shape == (0, 24)


def test_what_is_exported_has_no_classifier_and_gives_the_same(system: Baseline) -> None:
    system(pictures(8))  # statistics of the normalisations
    system.eval()
    net = system.inference_net()
    assert not any(weight is system.classifier[0].weight for weight in net.parameters())
    graph = io.BytesIO()
    torch.onnx.export(
        net,
        (pictures(2).images,),
        graph,
        dynamo=False,
        opset_version=17,
        input_names=["images"],
        output_names=["embedding"],
        dynamic_axes={"images": {0: "batch"}, "embedding": {0: "batch"}},
    )
    session = onnxruntime.InferenceSession(graph.getvalue())
    for count in (1, 3):
        (exported,) = session.run(None, {"images": pictures(count, seed=count).images.numpy()})
        with torch.no_grad():
            np.testing.assert_allclose(exported, system.embed(pictures(count, seed=count)).numpy(), atol=1e-3)


def test_the_papers_size_is_a_resnet50_with_a_projection() -> None:
    system = BaselineRecipe().build(FACTS)
    assert isinstance(system, System)
    assert isinstance(BaselineRecipe().system.backbone, ResNetConfig)
    parameters = sum(weight.numel() for weight in system.parameters())
    assert parameters == 23_508_032 + 4096 * 512 + 512 + 512 * 11  # the neck has a scale and no shift


def test_the_floor_has_a_million_and_a_half_parameters() -> None:
    system = baseline_cpu().build(FACTS)
    parameters = sum(weight.numel() for weight in system.inference_net().parameters())
    assert parameters == pytest.approx(1.5e6, rel=0.1)
