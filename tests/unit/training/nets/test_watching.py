"""Watching a net's maps while it describes people."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.nets.watching import watched


def test_activities_are_the_lengths_of_what_the_modules_gave() -> None:
    torch.manual_seed(0)
    first, second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 1)
    net, images = nn.Sequential(first, nn.ReLU(inplace=True), second), torch.randn(2, 3, 6, 5)

    seen = watched({"second": second, "first": first}, lambda: net(images))

    assert list(seen) == ["second", "first"]
    with torch.no_grad():
        before = first(images)
        torch.testing.assert_close(seen["first"].detach(), before.square().sum(dim=1).sqrt(), msg="before what is in place")
        torch.testing.assert_close(seen["second"].detach(), second(before.relu()).square().sum(dim=1).sqrt())


def test_nobody_watches_afterwards() -> None:
    net = nn.Linear(2, 2)

    with pytest.raises(ValueError, match=r"head: expected a map .* got \(1, 2\)"):
        watched({"head": net}, lambda: net(torch.zeros(1, 2)))
    net(torch.zeros(1, 2))
    assert watched({"other": nn.Conv2d(1, 1, 1)}, lambda: net(torch.zeros(1, 2))) == {}, "it was not run"
