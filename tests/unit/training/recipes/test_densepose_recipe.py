"""The recipe of dense coordinates: it learns made-up people, and is judged by those who are held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from training.data.config import DataConfig
from training.job import Job, run_job
from training.loop import Rhythm
from training.metrics_log import read_metrics
from training.overrides import overridden
from training.recipes import RECIPES
from training.run_folder import RunFolder
from training.trained import read_any_trained
from training.world import World

QUICK = {
    "size_hw": [32, 16],
    "crop_hw": [64, 32],
    "system.input_hw": [32, 16],
    "system.backbone.channels": [8, 8, 8, 8],
    "system.channels": [8, 8, 8],
    "augment.scale": [1.0, 1.0],
    "augment.pad": 0,
    "phases.0.epochs": 30,
    "phases.0.sampling.batch_size": 4,
    "phases.0.optimiser.lr": 1e-2,
    "exact_repeats": 1,
}


def write_people(folder: Path, count: int = 16) -> None:
    """People who are one bright block each, part 2, on a dark ground; two of them held out."""
    rng = np.random.default_rng(2)
    (folder / "iuv").mkdir(parents=True)
    for number in range(count):
        part = "bounding_box_train" if number < count - 2 else ("query", "bounding_box_test")[number % 2]
        name = f"{min(number, count - 2) + 1:04d}_c{number % 2 + 1}s1_{number:06d}_01"
        iuv = np.zeros((32, 16, 3), np.uint8)
        top, left = int(rng.integers(4, 12)), int(rng.integers(2, 6))
        iuv[top : top + 16, left : left + 8] = (2, 128, 64)
        image = np.where(iuv[..., :1] > 0, 220, 30) + rng.integers(0, 20, (32, 16, 3))
        (folder / part).mkdir(exist_ok=True)
        Image.fromarray(image.astype(np.uint8)).save(folder / part / f"{name}.jpg", quality=95)
        Image.fromarray(iuv).save(folder / "iuv" / f"{name}.png")


def test_it_learns_and_is_judged_by_the_overlap_of_parts(tmp_path: Path) -> None:
    write_people(tmp_path / "people")
    recipe = overridden(RECIPES["densepose"], QUICK)
    rhythm = Rhythm(evaluate_epochs=None, checkpoint_epochs=100)
    job = Job(recipe, DataConfig(path=tmp_path / "people"), RunFolder(tmp_path / "run"), rhythm, threads=1)
    assert run_job(job, World.alone("cpu"))
    losses = [line["loss"] for line in read_metrics(job.folder.metrics) if line["kind"] == "step"]
    assert losses[-1] < losses[0] / 2
    trained = read_any_trained(tmp_path / "run")
    assert set(trained.figures) == {"part_iou", "background_iou", "person_iou", "u_error", "v_error"}
    assert trained.figures["background_iou"] > 0.5
    with torch.no_grad():
        part, _, _ = trained.system.inference_net()(torch.zeros((1, 3, 64, 32), dtype=torch.uint8))
    assert part.shape == (1, 16, 8)
