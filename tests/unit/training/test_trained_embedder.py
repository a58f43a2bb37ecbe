"""Trained weights in an evaluation: they see what they saw in their run's validation, and say the same of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from support.training_data import quick_job, quick_recipe, write_market

from sightline.errors import ConfigurationError, ModelError
from sightline.evaluation.embedding_options import EmbeddingOptions
from sightline.evaluation.evaluating import EvaluationOptions
from sightline.evaluation.market_layout import read_market_layout
from sightline.evaluation.running import run_evaluation
from sightline.keypoint_table import read_keypoints
from training.data.config import DataConfig
from training.embedding import embed_all
from training.embedding_recipe import EmbeddingRecipe, open_data
from training.job import run_job
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes import RECIPES
from training.trained import Trained, TrainedSystem, read_trained
from training.trained_embedder import TrainedEmbedder, trained_embedder
from training.trained_insides import TrainedInsides
from training.world import World

CPU = torch.device("cpu")
FACTS = DataFacts(classes=2, attributes={"any": 2}, keypoints=True, part_images=True)

DJL = overridden(
    RECIPES["djl_cpu"], {"size_hw": [32, 16], "augment.resize_hw": None, "system.backbone.width": 0.25, "test_flip": True}
)
DSA_FUSED = overridden(
    RECIPES["dsa_cpu"],
    {
        "size_hw": [32, 16],
        "system.main.backbone.channels": [4, 4, 8, 8],
        "system.main.global_features": 8,
        "system.main.local_features": 4,
        "system.guide.channels": [2, 2, 2, 2],
        "system.match": "fused",
    },
)
CUT = overridden(quick_recipe(), {"augment.resize_hw": [48, 24], "test_flip": True})


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People, with key points of all but one picture."""
    folder = write_market(tmp_path_factory.mktemp("data") / "Tiny-1501")
    names = sorted(path.name for path in folder.rglob("*.jpg"))
    xy = np.random.default_rng(0).uniform([2, 2], [14, 30], (len(names), 14, 2)).astype(np.float32)
    gallery = [name for name in names if (folder / "bounding_box_test" / name).is_file()]
    known = np.array([name != gallery[0] for name in names])
    np.savez(folder / "keypoints.npz", name=np.array(names)[known], xy=xy[known])
    return folder


@pytest.fixture(scope="module")
def run(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    job = quick_job(market, tmp_path_factory.mktemp("runs") / "quick", **{"test_flip": True})
    assert run_job(job, World())
    return job.folder.path


def untrained(recipe: EmbeddingRecipe) -> TrainedSystem:
    torch.manual_seed(0)
    return Trained(recipe.build(FACTS).eval(), recipe, FACTS, "", 3, {}, {}, "0" * 64)


def embedder_of(recipe: EmbeddingRecipe, market: Path, *, batch_size: int = 3) -> TrainedEmbedder:
    trained = untrained(recipe)
    keypoints = read_keypoints(market / "keypoints.npz") if trained.system.embedding_needs else None
    return TrainedEmbedder(trained, recipe.test_flip, CPU, keypoints=keypoints, batch_size=batch_size)


def test_the_figures_of_a_run_are_those_of_its_validation(run: Path, market: Path) -> None:
    embedder = trained_embedder(run, EmbeddingOptions(threads=1, batch_size=3))
    report = run_evaluation(read_market_layout(market), embedder, EvaluationOptions())

    figures = read_trained(run / "weights.pt").figures
    assert embedder.flip, "as the recipe says"
    assert report.evaluation.plain.result.cmc[0] == figures["rank1"]
    assert report.evaluation.plain.result.mean_ap == pytest.approx(figures["mean_ap"], abs=1e-9)
    assert 0 < figures["mean_ap"] < 1
    model = report.document()["model"]
    assert (model["name"], model["step"], model["version"]) == ("baseline_cpu", 8, None)


@pytest.mark.parametrize("recipe", [DJL, DSA_FUSED, CUT], ids=["key points", "part images", "the middle of a larger picture"])
def test_pictures_are_seen_as_in_the_validation(recipe: EmbeddingRecipe, market: Path) -> None:
    embedder = embedder_of(recipe, market)
    gallery = open_data(recipe, DataConfig(path=market), learning=False).evaluation.gallery

    ours = embedder.embed(read_market_layout(market).gallery, lambda _: None)

    system, precision = embedder.trained.system, recipe.precision
    theirs = embed_all(system, gallery.batches(), flip=recipe.test_flip, precision=precision, device=CPU)
    assert np.ptp(theirs, axis=0).max() > 1e-3, "else any two pictures would be alike"
    np.testing.assert_allclose(ours.features, theirs, atol=1e-5)
    assert ours.without_keypoints == (1 if system.embedding_needs else 0)


def test_batches_of_any_size_give_the_same(market: Path) -> None:
    pictures, told = read_market_layout(market).gallery, []
    one, many = (embedder_of(DJL, market, batch_size=size) for size in (1, 5))
    np.testing.assert_allclose(
        one.embed(pictures, lambda _: None).features, many.embed(pictures, told.append).features, atol=1e-5
    )
    assert told == [5, 3]
    assert one.embed((), told.append).features.shape == (0, one.trained.system.embedding_dim)


def test_corrupt_pictures_are_named_or_left_out(market: Path, tmp_path: Path) -> None:
    shutil.copytree(market, tmp_path / "broken")
    folder = read_market_layout(tmp_path / "broken")
    folder.query[1].path.write_bytes(b"hello")
    embedder = embedder_of(quick_recipe(), market)
    with pytest.raises(
        ConfigurationError, match=rf"1 of the pictures cannot be read: .*{folder.query[1].name}.*--skip-corrupt"
    ):
        embedder.embed(folder.query, lambda _: None)
    kept = TrainedEmbedder(embedder.trained, False, CPU, skip_corrupt=True).embed(folder.query, lambda _: None)
    assert [item.picture for item in kept.corrupt] == [folder.query[1]]
    assert str(folder.query[1].path) not in kept.corrupt[0].reason, "the picture is named once"
    assert len(kept.features) == len(folder.query) - 1
    with pytest.raises(ConfigurationError, match="cannot be looked at"):
        TrainedInsides(embedder).look([folder.query[1]])


def test_weights_that_are_not_numbers_are_named(market: Path) -> None:
    embedder = embedder_of(quick_recipe(), market)
    next(embedder.trained.system.parameters()).data.fill_(torch.nan)
    with pytest.raises(ModelError, match=r"baseline_cpu: the embedding of .* is not finite"):
        embedder.embed(read_market_layout(market).query, lambda _: None)


def test_key_points_must_be_there_for_who_needs_them(run: Path, market: Path, tmp_path: Path) -> None:
    assert trained_embedder(run, EmbeddingOptions(threads=1, places=(tmp_path,))).keypoints is None
    torch.manual_seed(0)
    saved = torch.load(run / "weights.pt", weights_only=True)
    saved["identity"]["recipe"] = DJL.model_dump(mode="json")
    saved["average"], saved["system"] = None, dict(DJL.build(DataFacts(**saved["identity"]["facts"])).state_dict())
    torch.save(saved, tmp_path / "djl.pt")
    with pytest.raises(ConfigurationError, match=r"djl_cpu takes key points.*--keypoints"):
        trained_embedder(tmp_path / "djl.pt", EmbeddingOptions(threads=1, places=(tmp_path,)))
    found = trained_embedder(tmp_path / "djl.pt", EmbeddingOptions(threads=1, places=(market,), flip=False))
    assert found.keypoints is not None
    assert not found.flip, "what is asked for counts more than the recipe"


def test_what_a_net_looks_at(market: Path) -> None:
    embedder = embedder_of(DJL, market)
    query, other = read_market_layout(market).query[:2]
    first, second = TrainedInsides(embedder).look([query, other])

    assert first.pixels.shape == (32, 16, 3)
    assert list(first.activities) == ["inception_1a", "inception_2a", "inception_3a", "inception_3b"]
    assert all(found.ndim == 2 and (found >= 0).all() for found in first.activities.values())
    assert first.windows_xyxy.shape == (10, 4)
    assert not np.array_equal(first.pixels, second.pixels)
    weights = TrainedInsides(embedder).part_weights()
    assert {len(of_layer) for of_layer in weights.values()} == {10}
    assert TrainedInsides(embedder_of(quick_recipe(), market)).part_weights() == {}
