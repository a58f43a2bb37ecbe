"""The weights of runs there and back: equal but for the rounding to float16, and whatever is damaged is named."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.training_data import quick_job, write_market
from torch import Tensor

from sightline.errors import InputError
from training.checkpoints import read_snapshot
from training.job import run_job
from training.run_folder import RunFolder
from training.tables import weights as command
from training.tables.weight_shards import INDEX, read_shards, write_shards
from training.trained import read_trained
from training.world import World

SHARD = 1500


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    job = quick_job(write_market(tmp_path_factory.mktemp("data") / "Tiny-1501"), tmp_path_factory.mktemp("runs") / "base-seed0")
    assert run_job(job, World())
    return job.folder.path


@pytest.fixture
def shards(run: Path, tmp_path: Path) -> Path:
    write_shards([run], tmp_path / "shards", shard_bytes=SHARD)
    return tmp_path / "shards"


def weights_of(run: Path) -> dict[str, Tensor]:
    return dict(read_trained(run).system.state_dict())


def test_there_and_back_is_the_rounding_to_half_precision(run: Path, shards: Path, tmp_path: Path) -> None:
    assert read_shards(shards, tmp_path / "back") == ["base-seed0"]
    before, after = weights_of(run), weights_of(tmp_path / "back" / "base-seed0")
    assert list(before) == list(after)
    for name, values in before.items():
        assert after[name].dtype == values.dtype
        expected = values.half().float() if values.is_floating_point() else values
        assert torch.equal(after[name], expected), name


def test_the_run_is_known_for_what_it_was(run: Path, shards: Path, tmp_path: Path) -> None:
    read_shards(shards, tmp_path / "back")
    back, was = tmp_path / "back" / "base-seed0", read_trained(run)
    trained = read_trained(back)
    assert (trained.recipe, trained.facts, trained.data, trained.step) == (was.recipe, was.facts, was.data, was.step)
    assert (trained.figures, trained.provenance) == (was.figures, was.provenance)
    assert RunFolder(back).read_config() == RunFolder(run).read_config()


def test_no_file_is_larger_than_it_may_be_and_all_hold_little_more_than_half(run: Path, shards: Path) -> None:
    sizes = [path.stat().st_size for path in shards.glob("*.bin")]
    assert len(sizes) > 1
    assert max(sizes) == SHARD
    snapshot = read_snapshot((run / "weights.pt").read_bytes(), "weights.pt")
    floats = sum(each.numel() for each in snapshot.system.values() if each.is_floating_point())
    assert 2 * floats <= sum(sizes) < 2 * floats + 1000


def test_what_half_precision_cannot_hold_stays_as_it_is(run: Path, tmp_path: Path) -> None:
    large = tmp_path / "large"
    shutil.copytree(run, large)
    snapshot = read_snapshot((run / "weights.pt").read_bytes(), "weights.pt")
    changed = dict(snapshot.average or snapshot.system)
    name = next(iter(changed))
    changed[name] = changed[name] + 70_000.0
    RunFolder(large).write_weights(replace(snapshot, system=changed, average=None))
    write_shards([large], tmp_path / "shards")
    read_shards(tmp_path / "shards", tmp_path / "back")
    assert torch.equal(weights_of(tmp_path / "back" / "large")[name], changed[name])


def test_a_damaged_and_a_missing_shard_are_named_and_nothing_is_made(shards: Path, tmp_path: Path) -> None:
    victim = shards / "weights-001.bin"
    data = bytearray(victim.read_bytes())
    data[100] ^= 1
    victim.write_bytes(data)
    with pytest.raises(InputError, match=r"weights-001\.bin is damaged"):
        read_shards(shards, tmp_path / "back")
    victim.unlink()
    with pytest.raises(InputError, match=r"weights-001\.bin cannot be read"):
        read_shards(shards, tmp_path / "back")
    (shards / INDEX).write_text('{"format": 1}')
    with pytest.raises(InputError, match=r"index\.json cannot be understood"):
        read_shards(shards, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_the_command_there_and_back(run: Path, tmp_path: Path) -> None:
    assert command.main(["pack", str(run), "--to", f"{tmp_path}/shards"]) == 0
    assert sorted(path.name for path in (tmp_path / "shards").iterdir()) == [INDEX, "weights-000.bin"]
    assert command.main(["unpack", f"{tmp_path}/shards", "--to", f"{tmp_path}/back"]) == 0
    assert (tmp_path / "back" / "base-seed0" / "weights.pt").is_file()


def test_what_cannot_be_done_is_said(run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    told = {
        "1 may be; MiB of each run: base-seed0 0.": ["pack", str(run), "--files", "1", "--to", f"{tmp_path}/few"],
        "the run is not complete": ["pack", str(unfinished), "--to", f"{tmp_path}/none"],
        "several runs are named base-seed0": ["pack", str(run), str(run), "--to", f"{tmp_path}/twice"],
        "is not empty": ["pack", str(run), "--to", str(run)],
    }
    for message, arguments in told.items():
        assert command.main(arguments) == 2
        assert message in capfd.readouterr().err
    write_shards([run], tmp_path / "shards")
    assert command.main(["unpack", f"{tmp_path}/shards", "--to", str(run.parent)]) == 2
    assert "has weights of base-seed0 already" in capfd.readouterr().err
    assert not (tmp_path / "few").exists()
