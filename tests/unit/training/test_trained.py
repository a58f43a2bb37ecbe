"""Systems from what a run left: its folder, its weights, its checkpoints."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from support.training_data import quick_job, write_market

from sightline.errors import ConfigurationError
from training.identity import RunIdentity
from training.job import run_job
from training.overrides import overridden
from training.recipe import DataFacts
from training.recipes import RECIPES
from training.snapshot import Position, Snapshot
from training.trained import read_trained, trained_of
from training.world import World

FACTS = DataFacts(classes=2, attributes={"hat": 2}, keypoints=True, part_images=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    market = write_market(tmp_path_factory.mktemp("data") / "Tiny-1501")
    job = quick_job(market, tmp_path_factory.mktemp("runs") / "quick")
    assert run_job(job, World())
    return job.folder.path


def test_a_run_is_named_by_its_folder_its_weights_or_a_checkpoint(run: Path) -> None:
    checkpoint = max((run / "checkpoints").glob("*.pt"))
    by_folder, by_file, by_checkpoint = (read_trained(path) for path in (run, run / "weights.pt", checkpoint))

    assert by_folder.sha256 == by_file.sha256 == hashlib.sha256((run / "weights.pt").read_bytes()).hexdigest()
    assert by_checkpoint.sha256 == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    for other in (by_file, by_checkpoint):
        ours, theirs = by_folder.system.state_dict(), other.system.state_dict()
        assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_a_run_that_goes_on_says_which_checkpoint_could_be_named(run: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no weights\.pt"):
        read_trained(tmp_path)
    (tmp_path / "checkpoints").symlink_to(run / "checkpoints")
    newest = max(path.name for path in (run / "checkpoints").glob("*.pt"))
    with pytest.raises(ConfigurationError, match=rf"not complete; name a checkpoint, such as .*{newest}"):
        read_trained(tmp_path)


@pytest.mark.parametrize(
    ("name", "started_from"),
    [
        ("baseline", "system.backbone.checkpoint"),
        ("dsa", "system.main.backbone.checkpoint"),
        ("lrdnn", "system.backbone.checkpoint"),
        ("lrdnn", "system.pose.vgg_checkpoint"),
    ],
)
def test_files_that_a_net_started_from_are_not_needed_again(name: str, started_from: str) -> None:
    narrow = {f"{started_from.rpartition('.')[0]}.width": 0.125}
    recipe, plain = overridden(RECIPES[name], narrow | {started_from: "nowhere.pth"}), overridden(RECIPES[name], narrow)
    system = plain.build(FACTS)
    identity = RunIdentity(recipe.model_dump(mode="json"), FACTS, data="", workers=1)
    snapshot = Snapshot(identity, Position(), system.state_dict(), None, None, [], {}, {})

    with pytest.raises(ConfigurationError, match=r"nowhere\.pth"):
        recipe.build(FACTS)
    trained = trained_of(snapshot, recipe)

    assert trained.recipe == plain
    ours = system.state_dict()
    assert all(torch.equal(value, ours[key]) for key, value in trained.system.state_dict().items())
