"""The averaged weights against their formula."""

from __future__ import annotations

import torch
from support.training_recipe import TinyNetConfig, TinySystem

from training.ema import AveragedSystem


def test_each_step_follows_the_weights_by_the_formula() -> None:
    torch.manual_seed(0)
    system = TinySystem(TinyNetConfig(), classes=3)
    average = AveragedSystem(system, decay=0.6)
    expected = {name: value.double() for name, value in system.state_dict().items()}
    for step in range(1, 30):
        with torch.no_grad():
            for value in system.state_dict().values():
                value.add_(torch.randint(1, 5, value.shape).to(value.dtype))
        average.update(step=step)
        decay = min(0.6, step / (step + 9))
        for name, value in system.state_dict().items():
            expected[name] = decay * expected[name] + (1 - decay) * value.double()
    for name, value in average.system.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(value.double(), expected[name], rtol=1e-5, atol=1e-5)
        else:
            assert torch.equal(value, system.state_dict()[name]), "counters are copied"


def test_the_average_is_a_copy_that_takes_no_gradients() -> None:
    system = TinySystem(TinyNetConfig(), classes=3)
    average = AveragedSystem(system, decay=0.9)
    assert not average.system.training
    assert not any(parameter.requires_grad for parameter in average.system.parameters())
    assert system.training
    assert all(parameter.requires_grad for parameter in system.parameters())
    before = average.system.identity_head.weight.clone()
    with torch.no_grad():
        system.identity_head.weight.zero_()
    assert torch.equal(average.system.identity_head.weight, before)
