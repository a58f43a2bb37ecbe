"""Training needs torch and a few packages beside it: a rented machine with a GPU has no Ray, no servers and no command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.training_data import write_market

TESTS = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys
from pathlib import Path

import torch.utils.tensorboard  # torch with what it brings itself
import torchvision

ABSENT = {"ray", "kafka", "tritonclient", "pymilvus", "onnxruntime", "onnx", "typer", "rich", "pydantic_settings", "fastapi",
          "prometheus_client", "pyarrow", "h5py", "matplotlib", "av", "grpc", "psutil"}

own = set(sys.modules)
torch.set_num_threads(1)

from support.training_data import quick_job
from training.job import run_job
from training.tables.__main__ import main
from training.tables.papers import PAPERS
from training.recipe import DataFacts
from training.world import World

facts = DataFacts(classes=3, attributes={"hat": 2}, keypoints=True, part_images=True)
for table in PAPERS.values():
    for row in table.key:
        table.recipe(row, scale="cpu", seed=0).build(facts)
data, folder = map(Path, sys.argv[1:])
assert run_job(quick_job(data, folder), World())
assert main(["--list"]) == 0
print(sorted({name.partition(".")[0] for name in set(sys.modules) - own} & ABSENT))
"""


def test_every_paper_trains_without_ray_servers_and_command_line(tmp_path: Path) -> None:
    data = write_market(tmp_path / "Tiny-1501")
    command = [sys.executable, "-c", SCRIPT, str(data), str(tmp_path / "run")]
    environment = os.environ | {
        "PYTHONPATH": f"{TESTS}:{TESTS.parent}",
        "OMP_NUM_THREADS": "1",
        "HOME": str(tmp_path),
        "PATH": "/usr/bin:/bin",
    }
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if ended.returncode:
        pytest.fail(ended.stderr[-3000:])
    assert ended.stdout.splitlines()[-1] == "[]"
    assert (tmp_path / "run" / "weights.pt").is_file()
