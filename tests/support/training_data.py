"""A made-up data set on the disk, in Market-1501's layout, and a recipe that learns it in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from training.data.config import DataConfig
from training.job import Job
from training.loop import Rhythm
from training.overrides import overridden
from training.recipe import Recipe
from training.recipes import RECIPES
from training.recipes.paper_rows import Overrides
from training.run_folder import RunFolder

QUICK: Overrides = {
    "size_hw": [32, 16],
    "system.backbone.channels": [4, 4, 8, 8],
    "system.descriptor": 8,
    "phases.0.epochs": 2,
    "phases.0.sampling.identities": 4,
    "phases.0.sampling.instances": 2,
    "ema": 0.9,
    "precision": {},  # bfloat16 is ten times slower where the processor has none, and oneDNN has crashed on few channels last
}
"""Of ``baseline_cpu``."""


def quick_recipe() -> Recipe:
    """The CPU baseline with next to nothing in it; batches of 8, 4 an epoch."""
    return overridden(RECIPES["baseline_cpu"], QUICK)


def quick_job(data: Path, folder: Path, **overrides: object) -> Job:
    """The quick recipe on a data set; evaluated at its end."""
    recipe = overridden(quick_recipe(), overrides)
    return Job(recipe, DataConfig(path=data), RunFolder(folder), Rhythm(evaluate_epochs=None), threads=1)


def write_market(folder: Path, *, people: int = 8, pictures: int = 4) -> Path:
    """People of one colour each, seen by two cameras: so many to learn from, and four others to look for."""
    rng = np.random.default_rng(0)
    for pid in range(1, people + 5):
        colour = rng.integers(30, 226, 3)
        parts = ["bounding_box_train"] if pid <= people else ["query", "bounding_box_test"]
        for sequence, part in enumerate(parts, 1):
            for number in range(pictures if part == "bounding_box_train" else 2):
                camera = number % 2 + 1
                image = np.clip(colour + rng.normal(0, 20, (32, 16, 3)), 0, 255).astype(np.uint8)
                path = folder / part / f"{pid:04d}_c{camera}s{sequence}_{number:06d}_01.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(path, quality=95)
    return folder
