"""DSA-reID: what it gives in each variant, what learns, and that nothing of the guide is exported."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from pydantic import ValidationError
from support.exported_net import ExportedNet

from training.batch import Inputs
from training.nets.backbones.config import NarrowResidualConfig
from training.nets.dsa.guide_stream import GuideConfig
from training.nets.dsa.main_stream import MainConfig
from training.nets.systems.dsa import Dsa, DsaConfig, fused_heads, main_heads

CLASSES = 7
REGIONS = ("torso", "hand", "foot", "upper_leg", "lower_leg", "upper_arm", "lower_arm", "head")


def config(**values: object) -> DsaConfig:
    main = MainConfig(
        backbone=NarrowResidualConfig(width=0.25),
        trunk_end="res3",
        block="basic",
        blocks=1,
        global_features=16,
        local_features=4,
    )
    return DsaConfig.model_validate(
        {"main": main, "guide": GuideConfig(channels=(2, 3, 3, 4), blocks=1), "classifier_features": 8, **values}
    )


def build(**values: object) -> Dsa:
    torch.manual_seed(0)
    return Dsa(config(**values), classes=CLASSES)


def people(count: int, *, seed: int = 0) -> Inputs:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 3, 64, 32), generator=generator, dtype=torch.uint8)
    parts = torch.randint(0, 256, (count, 24, 3, 32, 32), generator=generator, dtype=torch.uint8)
    return Inputs(images, None, parts)


def test_what_it_says_in_training() -> None:
    outputs = build()(people(4))
    heads = {"global", *(f"part_{region}" for region in REGIONS), "fused_global", "fused_local"}
    assert set(outputs.logits) == heads == {*main_heads(config()), *fused_heads(config())}
    assert all(logits.shape == (4, CLASSES) for logits in outputs.logits.values())
    assert {name: feature.shape for name, feature in outputs.features.items()} == {
        "global": (4, 16), "local": (4, 32), "fused_global": (4, 16), "fused_local": (4, 32),
    }  # fmt: skip


def test_fusion_adds_the_guides_features() -> None:
    system = build().eval()
    features = system(people(3)).features
    guide = system.streams.guide(people(3).part_images)
    for branch in ("global", "local"):
        torch.testing.assert_close(features[f"fused_{branch}"], features[branch] + guide[branch])


def test_concatenation_goes_through_one_layer() -> None:
    system = build(fusion="concat").eval()
    features = system(people(3)).features
    guide = system.streams.guide(people(3).part_images)
    fc = system.streams.fusions["local"].fc
    expected = torch.cat([features["local"], guide["local"]], dim=1) @ fc.weight.T + fc.bias
    torch.testing.assert_close(features["fused_local"], expected)


def test_without_a_guide_z_is_f() -> None:
    system = build(guide=None)
    assert system.training_needs == frozenset()
    features = system(replace(people(2), part_images=None)).features
    assert features["fused_global"] is features["global"]
    assert not any("guide" in name for name in system.state_dict())


@pytest.mark.parametrize(
    ("values", "names", "dimension"),
    [
        ({}, ("global", "local"), 48),
        ({"match_branches": "local"}, ("local",), 32),
        ({"branches": "global"}, ("global",), 16),
        ({"match": "fused"}, ("fused_global", "fused_local"), 48),
        ({"match": "fused", "match_branches": "global"}, ("fused_global",), 16),
        ({"guide": None, "match": "fused", "branches": "local"}, ("local",), 32),
    ],
)
def test_the_matching_feature(values: dict[str, object], names: tuple[str, ...], dimension: int) -> None:
    system = build(**values).eval()
    assert system.embedding_dim == dimension
    fused = names[0].startswith("fused")
    assert system.embedding_needs == (frozenset({"part_images"}) if fused else frozenset())
    features = system(people(2)).features
    seen = people(2) if fused else replace(people(2), part_images=None)
    torch.testing.assert_close(system.describe(seen), torch.cat([features[name] for name in names], dim=1))
    assert system.embed(seen).norm(dim=1).tolist() == pytest.approx([1, 1])


def test_another_way_to_match_takes_the_same_weights() -> None:
    build(match="fused", match_branches="global").load_state_dict(build().state_dict())


def test_branches_that_are_not_there_cannot_be_matched() -> None:
    with pytest.raises(ValidationError, match="match_branches: 'local' asked for"):
        config(branches="global", match_branches="local")


def test_features_are_whole_numbers_of_planes() -> None:
    with pytest.raises(ValidationError, match="multiples of 4 with bottleneck blocks"):
        MainConfig(local_features=30)


def test_a_guide_needs_part_images() -> None:
    with pytest.raises(ValueError, match="needs part images"):
        build()(replace(people(2), part_images=None))


@pytest.mark.parametrize("values", [{}, {"fusion": "concat"}, {"guide": None}, {"branches": "global"}, {"branches": "local"}])
def test_every_weight_learns(values: dict[str, object]) -> None:
    system = build(**values)
    outputs = system(people(4))
    sum(value.square().mean() for value in (*outputs.logits.values(), *outputs.features.values())).backward()
    assert not [name for name, weight in system.named_parameters() if weight.grad is None or not weight.grad.any()]


def test_the_guide_pulls_the_main_stream() -> None:
    """The gradient of the fused loss in the main stream depends on what the guide saw (section 3.2.4)."""
    system = build()
    gradients = []
    for seed in (1, 2):
        system.zero_grad()
        inputs = replace(people(4), part_images=people(4, seed=seed).part_images)
        torch.nn.functional.cross_entropy(system(inputs).logits["fused_global"], torch.arange(4)).backward()
        gradients.append(system.streams.main.heads["global"][0][0].conv1.weight.grad.clone())
    assert not torch.allclose(*gradients)


def test_local_heads_are_eighths_that_see_the_whole_map() -> None:
    system = build().eval()
    before = system(people(1)).features["local"]
    images = people(1).images.clone()
    images[:, :, 40:, 20:] = 0
    after = system(replace(people(1), images=images)).features["local"]
    assert ((after - before).reshape(8, 4).abs().amax(dim=1) > 0).all()


def test_an_empty_batch_has_an_embedding() -> None:
    assert build().eval().embed(Inputs(torch.zeros(0, 3, 64, 32, dtype=torch.uint8))).shape == (0, 48)


def test_the_exported_net_is_the_main_stream_alone() -> None:
    system = build()
    system(people(8))  # statistics of the normalisations
    names = [name for name, _ in system.eval().inference_net().named_parameters()]
    assert names
    assert all(".main." in name for name in names)
    exported = ExportedNet(system.inference_net(), people(2).images)
    graph = onnx.load_from_string(exported.model).graph
    assert [given.name for given in graph.input] == ["images"]
    assert not [tensor.name for tensor in graph.initializer if "guide" in tensor.name or "classifier" in tensor.name]
    held = sum(math.prod(tensor.dims) for tensor in graph.initializer)
    assert held <= sum(weight.numel() for weight in system.streams.main.parameters())
    for count in (1, 3):
        inputs = replace(people(count, seed=count), part_images=None)
        with torch.no_grad():
            np.testing.assert_allclose(exported(inputs.images), system.embed(inputs).numpy(), atol=1e-3)


def test_a_head_that_is_not_matched_is_not_exported() -> None:
    whole, alone = build().inference_net(), build(match_branches="global").inference_net()
    assert sum(p.numel() for p in alone.parameters()) < sum(p.numel() for p in whole.parameters())


def test_the_papers_size() -> None:
    with torch.device("meta"):
        system = Dsa(DsaConfig(), classes=751)
        features = system(Inputs(torch.zeros(2, 3, 256, 128), None, torch.zeros(2, 24, 3, 32, 32))).features
    assert {name: tuple(feature.shape) for name, feature in features.items()} == dict.fromkeys(
        ("global", "local", "fused_global", "fused_local"), (2, 2048)
    )
    parameters = {
        name: sum(weight.numel() for weight in module.parameters())
        for name, module in (("trunk", system.streams.main.trunk), *system.streams.main.heads.items())
    }
    # ResNet-50 as torchvision counts it: 25,557,032 with conv5_x (14,964,736) and fc (2,049,000).
    assert parameters["global"] == 14_964_736
    assert parameters["trunk"] == 25_557_032 - 2_049_000 - 14_964_736
    first = 1024 * 64 + 64 * 64 * 9 + 64 * 256 + 1024 * 256 + 2 * (64 + 64 + 256 + 256)
    later = 256 * 64 + 64 * 64 * 9 + 64 * 256 + 2 * (64 + 64 + 256)
    assert parameters["local"] == 8 * (first + 2 * later)
