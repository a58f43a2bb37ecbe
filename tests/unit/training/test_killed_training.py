"""Training in processes of its own: killed and resumed, and by several workers together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from support.training_process import Plan, Runner
from torch import Tensor

from training.metrics_log import read_metrics

STEPS = 12
KILLED = -9


def losses(folder: Path, rank: int = 0) -> list[tuple[int, float, str]]:
    lines = read_metrics(folder / f"metrics-{rank}.jsonl")
    return [(line["step"], line["loss"], json.dumps(line["terms"])) for line in lines]


def weights(folder: Path, rank: int = 0) -> dict[str, Tensor]:
    found: dict[str, Tensor] = torch.load(folder / f"weights-{rank}.pt", weights_only=True)
    return found


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    started = Runner()
    yield started
    started.close()


@pytest.fixture(scope="module")
def whole(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    assert runner.run(Plan(str(folder))) == 0
    assert len(losses(folder)) == STEPS
    return folder


@pytest.mark.parametrize("moment", [{"kill_at_step": 5}, {"kill_in_write": 4}])
def test_a_killed_run_goes_on_with_the_losses_of_one_that_was_not(
    runner: Runner, whole: Path, tmp_path: Path, moment: dict[str, Any]
) -> None:
    assert runner.run(Plan(str(tmp_path), **moment)) == KILLED
    assert len(losses(tmp_path)) < STEPS
    assert runner.run(Plan(str(tmp_path))) == 0
    assert losses(tmp_path) == losses(whole)
    assert same(weights(tmp_path), weights(whole))


PLAIN: dict[str, object] = {
    "system.dropout": 0.0,
    "system.batch_norm": False,
    "phases.*.sampling": {"kind": "shuffled", "batch_size": 8},
    "phases.*.weights": {"softmax": 1.0},
}
"""What workers together do as one alone does: no chance, no statistics of a batch, a mean over pictures."""


def test_two_workers_do_what_one_does_on_the_whole_batch(runner: Runner, tmp_path: Path) -> None:
    assert runner.run(Plan(str(tmp_path / "one"), PLAIN)) == 0
    assert runner.run(Plan(str(tmp_path / "two"), PLAIN, workers=2)) == 0
    alone, together = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert [step for step, _, _ in together] == [step for step, _, _ in alone]
    assert [loss for _, loss, _ in together] == pytest.approx([loss for _, loss, _ in alone], rel=1e-5)
    assert losses(tmp_path / "two", rank=1) == together, "the mean over the workers is the same on each"
    assert same(weights(tmp_path / "two", rank=1), weights(tmp_path / "two"))
    for name, value in weights(tmp_path / "one").items():
        torch.testing.assert_close(weights(tmp_path / "two")[name], value, rtol=1e-4, atol=1e-6)


def test_two_workers_that_were_killed_go_on_exactly(runner: Runner, tmp_path: Path) -> None:
    """With dropout, batch normalisation, triplets' sampling and frozen parts: each worker's chance goes on where it was."""
    assert runner.run(Plan(str(tmp_path / "whole"), workers=2)) == 0
    assert runner.run(Plan(str(tmp_path / "killed"), workers=2, kill_at_step=9)) == KILLED
    assert runner.run(Plan(str(tmp_path / "killed"), workers=2)) == 0
    assert len(losses(tmp_path / "whole")) == STEPS
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")
    assert same(weights(tmp_path / "killed"), weights(tmp_path / "whole"))
