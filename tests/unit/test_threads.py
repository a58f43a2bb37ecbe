"""The budget of cores."""

from __future__ import annotations

import pytest

from sightline.settings import load_settings
from sightline.threads import share_cores


@pytest.mark.parametrize(
    ("cores", "models", "shares", "decode"),
    [
        (2, ["a", "b"], [1, 1], 1),
        (8, ["a", "b"], [4, 4], 2),
        (8, ["a", "b", "c"], [3, 3, 2], 2),
        (1, ["a", "b"], [1, 1], 1),
        (4, [], [], 1),
    ],
)
def test_models_share_the_cores_evenly(cores: int, models: list[str], shares: list[int], decode: int) -> None:
    budget = share_cores(load_settings(cores={"total": cores}), models)
    assert [budget.models[model] for model in models] == shares
    assert budget.decode == decode
    assert sum(shares) <= max(cores, len(models))
