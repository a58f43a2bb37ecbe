"""`sightline train --workers` where no stack runs: a Ray of its own, gone when it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import CommandLine
from support.training_data import QUICK, write_market

from training.metrics_log import read_metrics

pytestmark = pytest.mark.stack

PATIENCE_S = 1000.0
"""Ray starts six processes that import torch, which took 160 s beside one other busy process."""


@pytest.mark.timeout(PATIENCE_S + 100)
def test_workers_on_a_ray_of_their_own(tmp_path: Path) -> None:
    market = write_market(tmp_path / "Tiny-1501")
    sightline = CommandLine.make(tmp_path)
    sets = [part for name, value in QUICK.items() for part in ("--set", f"{name}={json.dumps(value)}")]
    told = ["train", "--recipe", "baseline_cpu", "--data", market, "--output", tmp_path / "run", *sets]
    alone = ("--workers", "1", "--threads", "1", "--device", "cpu")
    result = sightline.run(*told, *alone, "--evaluate-every", "1", timeout_s=PATIENCE_S)
    assert "rank-1 / mAP, %: " in result.stdout
    assert (tmp_path / "run" / "weights.pt").is_file()
    assert "mAP" in result.stderr, "evaluations are shown while it trains"
    steps = [line["step"] for line in read_metrics(tmp_path / "run" / "metrics.jsonl") if line["kind"] == "step"]
    assert steps == list(range(1, 9))
