"""Data sets of other layouts in an evaluation: their people are seen as in a validation on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.training_data import quick_recipe

from sightline.adapters.parquet import ParquetCropTable
from sightline.errors import ConfigurationError
from sightline.evaluation.embedding_options import EmbeddingOptions
from sightline.exported_crop import TABLE, ExportedCrop
from sightline.skeleton import JOINTS
from training.data.config import DataConfig
from training.embedding import embed_all
from training.embedding_recipe import open_data
from training.labelled_people import labelled_people
from training.overrides import overridden
from training.recipe import DataFacts, Recipe
from training.recipes import RECIPES
from training.trained import Trained
from training.trained_embedder import TrainedEmbedder, keypoints_for

FACTS = DataFacts(classes=2, attributes={}, keypoints=True)
BASELINE = quick_recipe()
DJL = overridden(RECIPES["djl_cpu"], {"size_hw": [32, 16], "augment.resize_hw": None, "system.backbone.width": 0.25})
PEOPLE, CAMERAS = ("anna", "bo", "cleo", "dan", "eve", "finn"), ("hall", "door")


def picture(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (90, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def folders(folder: Path) -> Path:
    """A folder for each person."""
    for seed, name in enumerate(PEOPLE):
        for camera in CAMERAS:
            picture(folder / name / f"{camera}_1.png", 10 * seed + len(camera))
    return folder


def stream(folder: Path) -> Path:
    """As ``sightline export-crops`` writes it: larger crops, boxes of the people in them, key points."""
    rng, crops = np.random.default_rng(0), []
    for seed, name in enumerate(PEOPLE):
        for camera in CAMERAS:
            crop, sighting = f"crops/{camera}/{name}.png", f"{name}-{camera}"
            picture(folder / crop, 10 * seed + len(camera))
            joints = rng.random((len(JOINTS), 3)).astype(np.float32)
            box = (4.0, 9.0, 32.0, 70.0)
            crops.append(ExportedCrop(sighting, name, camera, "f", 5, f"{camera}/{name}", crop, box, 0.9, 0.8, joints))
    ParquetCropTable().write(folder / TABLE, crops)
    return folder


@pytest.mark.parametrize(("write", "recipe"), [(folders, BASELINE), (stream, BASELINE), (stream, DJL)])
def test_people_of_other_layouts_are_seen_as_in_a_validation(write, recipe: Recipe, tmp_path: Path) -> None:
    root, people = labelled_people(write(tmp_path / "set"))
    torch.manual_seed(0)
    trained = Trained(recipe.build(FACTS).eval(), recipe, FACTS, "", 0, {}, {})
    keypoints = keypoints_for(trained, EmbeddingOptions(threads=1, places=(root,)))

    ours = TrainedEmbedder(trained, False, torch.device("cpu"), keypoints=keypoints).embed(people.query, lambda _: None)

    query = open_data(recipe, DataConfig(path=tmp_path / "set"), learning=False).evaluation.query
    system, precision = trained.system, recipe.precision
    theirs = embed_all(system, query.batches(), flip=False, precision=precision, device=torch.device("cpu"))
    order = {stored.picture.path: row for row, stored in enumerate(query.samples.pictures)}
    assert len(people.query) == len(order) > 0
    np.testing.assert_allclose(ours.features, theirs[[order[each.path] for each in people.query]], atol=1e-5)
    assert (keypoints is not None) == (recipe is DJL)
    assert ours.without_keypoints == 0


def test_a_set_without_queries_is_refused(tmp_path: Path) -> None:
    for name in PEOPLE:
        picture(tmp_path / name / "hall_1.png", 0)
    with pytest.raises(ConfigurationError, match="nobody in it was seen by two cameras"):
        labelled_people(tmp_path)
