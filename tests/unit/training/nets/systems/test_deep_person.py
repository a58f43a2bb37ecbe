"""Deep-Person: its three branches, what each teaches, and that nothing but the trunk is exported."""

import pytest
import torch
from pydantic import ValidationError
from support.exported_net import ExportedNet, people_to_see
from torch import Tensor, nn
from torch.nn import functional

from training.batch import Inputs
from training.nets.backbones.config import NarrowResidualConfig
from training.nets.systems.deep_person import DeepPerson, DeepPersonConfig
from training.optimisers import freeze

SIZE = (64, 32)


def people(count: int = 4, seed: int = 0) -> Inputs:
    return Inputs(people_to_see(count, SIZE, seed=seed)[0])


def deep_person(**values: object) -> DeepPerson:
    torch.manual_seed(0)
    config = DeepPersonConfig.model_validate(
        {"backbone": NarrowResidualConfig(channels=(8, 8, 16, 16)), "hidden": 6, "embedding": 10, **values}
    )
    return DeepPerson(config, classes=5, image_height=SIZE[0])


def taught(system: nn.Module, loss: Tensor) -> set[str]:
    system.zero_grad()
    loss.backward()
    names = (name for name, p in system.named_parameters() if p.grad is not None and p.grad.any())
    return {".".join(name.split(".")[:2]) for name in names}


def test_two_branches_tell_identities_and_the_pooled_map_is_the_descriptor() -> None:
    system = deep_person()
    outputs = system(people())
    assert {name: tuple(value.shape) for name, value in outputs.logits.items()} == {"part": (4, 5), "global": (4, 5)}
    assert outputs.features["pooled"].shape == (4, 16)
    system.eval()
    torch.testing.assert_close(system.describe(people()), system(people()).features["pooled"])
    torch.testing.assert_close(system.describe(people()), system.trunk.map(people().images).mean(dim=(2, 3)))


@pytest.mark.parametrize("part", ["lstm", "slices"])
def test_every_loss_teaches_the_trunk_and_its_own_branch_alone(part: str) -> None:
    system = deep_person(part=part)
    for name in ("part", "global"):
        assert taught(system, system(people()).logits[name].square().sum()) == {"trunk.backbone", f"branches.{name}"}
    assert taught(system, system(people()).features["pooled"].square().sum()) == {"trunk.backbone"}


def test_frozen_branches_are_not_computed() -> None:
    system = deep_person()
    freeze(system, ["branches"])
    assert not system(people()).logits


@pytest.mark.parametrize(
    ("values", "heads"),
    [({"part": "none"}, {"global"}), ({"whole": False}, {"part"}), ({"part": "none", "whole": False}, set())],
)
def test_branches_can_be_left_out(values: dict[str, object], heads: set[str]) -> None:
    assert set(deep_person(**values)(people()).logits) == heads


def test_the_inference_net_is_the_trunk_alone() -> None:
    system = deep_person()
    names = {name for name, _ in system.inference_net().named_parameters()}
    assert names == {f"describe.{name}" for name, _ in system.trunk.named_parameters()}
    assert not any(isinstance(module, nn.LSTM | nn.Linear) for module in system.inference_net().modules())


def test_concatenated_embeddings_are_described_without_the_classifiers() -> None:
    system = deep_person(descriptor="concatenated").eval()
    features = system.trunk.map(people().images)
    embeddings = [branch.get_submodule("embedding")(features) for branch in system.branches.values()]
    torch.testing.assert_close(system.describe(people()), torch.cat(embeddings, dim=1))
    assert system.embedding_dim == 20
    assert not any("classifier" in name for name, _ in system.inference_net().named_parameters())
    with pytest.raises(ValidationError, match="needs an identification branch"):
        deep_person(descriptor="concatenated", part="none", whole=False)


@pytest.mark.parametrize("descriptor", ["pooled", "concatenated"])
def test_the_export_gives_the_same_embeddings(descriptor: str) -> None:
    system = deep_person(descriptor=descriptor)
    system(people(8, seed=5))
    system.eval()
    exported = ExportedNet(system.inference_net(), people(2).images)
    for count in (1, 3):
        inputs = people(count, seed=count)
        expected = system.embed(inputs).detach()
        torch.testing.assert_close(torch.from_numpy(exported(inputs.images)), expected, atol=1e-3, rtol=0)


def lstm_by_hand(parts: Tensor, lstm: nn.LSTM, suffix: str) -> Tensor:
    """The gates' equations, (N, P, C) -> (N, P, U), from the first part to the last."""
    weights = {name: value for name, value in lstm.named_parameters() if name.endswith("reverse") == bool(suffix)}
    hidden = cell = parts.new_zeros(len(parts), lstm.hidden_size)
    seen = []
    for part in parts.unbind(dim=1):
        gates = part @ weights[f"weight_ih_l0{suffix}"].T + weights[f"bias_ih_l0{suffix}"]
        gates = gates + hidden @ weights[f"weight_hh_l0{suffix}"].T + weights[f"bias_hh_l0{suffix}"]
        given, forget, new, shown = gates.chunk(4, dim=1)
        cell = forget.sigmoid() * cell + given.sigmoid() * new.tanh()
        hidden = shown.sigmoid() * cell.tanh()
        seen.append(hidden)
    return torch.stack(seen, dim=1)


def test_the_part_branch_reads_rows_both_ways_and_sums_two_linear_layers_twice() -> None:
    system = deep_person().eval()
    features = system.trunk.map(people().images)
    embedding = system.branches["part"].get_submodule("embedding")
    parts = features.mean(dim=3).transpose(1, 2)
    assert parts.shape == (4, 4, 16)
    for layer in embedding.get_submodule("parts").children():
        lstm, downwards, upwards = (layer.get_submodule(name) for name in ("lstm", "downwards", "upwards"))
        assert isinstance(lstm, nn.LSTM)
        up = lstm_by_hand(parts.flip(1), lstm, "_reverse").flip(1)
        parts = downwards(lstm_by_hand(parts, lstm, "")) + upwards(up)
    linear, norm, _ = embedding.get_submodule("embedding").children()
    expected = functional.relu(norm(linear(parts.flatten(1))))
    torch.testing.assert_close(embedding(features), expected, atol=1e-5, rtol=1e-4)


def test_slices_have_a_linear_layer_each() -> None:
    system = deep_person(part="slices").eval()
    features = system.trunk.map(people().images)
    embedding = system.branches["part"].get_submodule("embedding")
    layers = list(embedding.get_submodule("parts.slices").children())
    rows = [layer(features[:, :, row].mean(dim=2)) for row, layer in enumerate(layers)]
    described = embedding.get_submodule("embedding")(torch.cat(rows, dim=1))
    torch.testing.assert_close(embedding(features), described, atol=1e-5, rtol=1e-4)


def test_pictures_of_another_height_are_refused() -> None:
    with pytest.raises(ValueError, match="expected a map of 4 rows, got 8"):
        deep_person()(Inputs(people_to_see(2, (128, 32))[0]))


def size(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_the_papers_net() -> None:
    system = DeepPerson(DeepPersonConfig(), classes=751, image_height=256)
    lstms = sum(2 * 4 * 256 * (seen + 256 + 2) + 2 * (256 * 256 + 256) for seen in (2048, 256))
    embedding, classifier = 2048 * 2048 + 2 * 2048, 2048 * 751 + 751
    assert size(system.trunk) == 23_508_032
    assert size(system.branches["part"]) == lstms + embedding + classifier == 11_775_727
    assert size(system.branches["global"]) == embedding + classifier
    with torch.inference_mode():
        seen = Inputs(people_to_see(1, (256, 128))[0])
        assert system.eval().trunk.map(seen.images).shape == (1, 2048, 8, 4)
        assert system(seen).logits["part"].shape == (1, 751)
        assert system.embed(seen).shape == (1, 2048)
