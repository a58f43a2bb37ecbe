"""Which parameters learn, and at which rate."""

from __future__ import annotations

import pytest
import torch
from support.training_recipe import TinyNetConfig, TinyRecipe, TinySystem
from torch import nn, optim

from sightline.errors import ConfigurationError
from training.config import OptimiserConfig
from training.optimisers import check_parts, freeze, make_optimiser, set_rate


def system() -> TinySystem:
    return TinySystem(TinyNetConfig(), classes=4)


def rates(made: optim.Optimizer, of: nn.Module) -> dict[str, float]:
    names = {id(parameter): name for name, parameter in of.named_parameters()}
    return {names[id(parameter)]: group["lr"] for group in made.param_groups for parameter in group["params"]}


def test_the_innermost_factor_counts() -> None:
    net = system()
    config = OptimiserConfig(kind="sgd", lr=1.0, lr_factors={"trunk": 0.1, "trunk.0": 0.01})
    made = make_optimiser(net, config)
    set_rate(made, 2.0)
    found = rates(made, net)
    assert found.keys() == dict(net.named_parameters()).keys()
    assert found["trunk.0.weight"] == pytest.approx(0.02)
    assert found["trunk.1.weight"] == pytest.approx(0.2)
    assert found["identity_head.weight"] == 2.0


@pytest.mark.parametrize(("kind", "made"), [("sgd", optim.SGD), ("adam", optim.Adam), ("adamw", optim.AdamW)])
def test_the_kinds_are_torchs(kind: str, made: type[optim.Optimizer]) -> None:
    config = OptimiserConfig.model_validate({"kind": kind, "lr": 0.5, "weight_decay": 0.1, "momentum": 0.8})
    optimiser = make_optimiser(system(), config)
    assert type(optimiser) is made
    assert optimiser.defaults["weight_decay"] == 0.1
    assert optimiser.defaults.get("momentum", 0.8) == 0.8


def test_frozen_parts_neither_learn_nor_follow_the_batch() -> None:
    net = system()
    freeze(net, ("trunk.1",))
    assert not net.trunk[1].training
    assert net.trunk[0].training
    assert {name for name, _ in net.named_parameters() if name.startswith("trunk.1.")}.isdisjoint(
        rates(make_optimiser(net, OptimiserConfig(lr=1.0)), net)
    )
    freeze(net, ())
    assert net.trunk[1].training
    assert all(parameter.requires_grad for parameter in net.parameters())


def test_where_nothing_learns_there_is_no_optimiser() -> None:
    net = system()
    freeze(net, ("trunk", "identity_head", "colour_head"))
    with pytest.raises(ConfigurationError, match="no parameter"):
        make_optimiser(net, OptimiserConfig(lr=1.0))


@pytest.mark.parametrize("values", [{"frozen": ("trnk",)}, {"optimiser": OptimiserConfig(lr=1.0, lr_factors={"trnk": 0.1})}])
def test_parts_that_are_not_there_are_refused_with_the_nearest(values: dict[str, object]) -> None:
    phase = TinyRecipe().phases[0].model_copy(update=values)
    with pytest.raises(ConfigurationError, match="no part 'trnk': did you mean 'trunk'"):
        check_parts(system(), [phase])


def test_parts_of_no_near_name_are_refused_with_the_outermost_ones() -> None:
    phase = TinyRecipe().phases[0].model_copy(update={"frozen": ("xyz",)})
    with pytest.raises(ConfigurationError, match="colour_head, identity_head, normalise, trunk"):
        check_parts(system(), [phase])


def test_a_rate_of_nothing_moves_nothing() -> None:
    net = system()
    optimiser = make_optimiser(net, OptimiserConfig(kind="adam", lr=1.0))
    set_rate(optimiser, 0.0)
    before = {name: parameter.clone() for name, parameter in net.named_parameters()}
    net.identity_head(torch.ones(2, 8)).sum().backward()
    optimiser.step()
    assert all(torch.equal(before[name], parameter) for name, parameter in net.named_parameters())
