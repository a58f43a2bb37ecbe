"""Checkpoints: whole or not there, whatever happens in between."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from support.training_recipe import TinyData, TinyNetConfig, TinyRecipe, TinySystem

from sightline.adapters.blobs import FsspecBlobs
from sightline.errors import InputError, NotFoundError, ServiceUnavailable
from training.checkpoints import INDEX, Checkpoints, read_snapshot
from training.identity import RunIdentity, provenance
from training.snapshot import Position, Snapshot


def snapshot(step: int) -> Snapshot:
    system = TinySystem(TinyNetConfig(), classes=6)
    return Snapshot(
        identity=RunIdentity.of(TinyRecipe(), TinyData(), workers=1),
        position=Position(phase=1, epoch=2, batch=3, step=step, epochs_done=4),
        system=system.state_dict(),
        average=None,
        optimiser=torch.optim.Adam(system.parameters()).state_dict(),
        random=[{"cpu": torch.get_rng_state()}],
        provenance=provenance(),
        figures={"mean_ap": 0.5},
    )


@pytest.fixture
def store(tmp_path: Path) -> FsspecBlobs:
    return FsspecBlobs(str(tmp_path / "with a space"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "with a space"


def test_a_snapshot_comes_back_as_it_was(store: FsspecBlobs) -> None:
    kept = snapshot(7)
    checkpoints = Checkpoints(store)
    assert checkpoints.load_last() is None
    assert checkpoints.load_best() is None
    checkpoints.save(kept)
    found = Checkpoints(store).load_last()
    assert found is not None
    assert (found.identity, found.position) == (kept.identity, kept.position)
    assert (found.provenance, found.figures) == (kept.provenance, kept.figures)
    assert kept.system.keys() == found.system.keys()
    assert all(torch.equal(value, found.system[name]) for name, value in kept.system.items())
    assert torch.equal(found.random[0]["cpu"], kept.random[0]["cpu"])
    assert found.optimiser == kept.optimiser


def test_the_last_few_and_the_best_stay(store: FsspecBlobs, folder: Path) -> None:
    checkpoints = Checkpoints(store, keep_last=2)
    for step, score in ((10, 0.3), (20, 0.7), (30, None), (40, 0.5), (50, None)):
        checkpoints.save(snapshot(step), score=score)
    assert [entry.step for entry in checkpoints.entries()] == [20, 40, 50]
    assert {path.name for path in folder.iterdir()} == {INDEX, *(f"step-000000{step}.pt" for step in (20, 40, 50))}
    best, last = checkpoints.load_best(), checkpoints.load_last()
    assert best is not None
    assert last is not None
    assert (best.position.step, last.position.step) == (20, 50)


def test_a_run_that_goes_on_from_an_earlier_step_replaces_the_later_ones(store: FsspecBlobs, folder: Path) -> None:
    checkpoints = Checkpoints(store, keep_last=3)
    for step in (10, 20, 30, 20):
        checkpoints.save(snapshot(step))
    assert [entry.step for entry in checkpoints.entries()] == [10, 20]
    assert {path.name for path in folder.iterdir()} == {INDEX, "step-00000010.pt", "step-00000020.pt"}


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def one_bit_flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("damage", [cut_short, one_bit_flipped, emptied, gone])
def test_a_damaged_checkpoint_is_passed_over(store: FsspecBlobs, folder: Path, damage: Callable[[Path], None]) -> None:
    checkpoints = Checkpoints(store)
    checkpoints.save(snapshot(10), score=0.1)
    checkpoints.save(snapshot(20), score=0.9)
    damage(folder / "step-00000020.pt")
    for load in (checkpoints.load_last, checkpoints.load_best):
        found = load()
        assert found is not None
        assert found.position.step == 10
    damage(folder / "step-00000010.pt")
    with pytest.raises(InputError, match="no checkpoint of this run is whole"):
        checkpoints.load_last()


def test_an_index_that_is_none_is_an_error(store: FsspecBlobs) -> None:
    store.put(INDEX, b"{")
    with pytest.raises(InputError, match="cannot be understood"):
        Checkpoints(store).load_last()


class Killed(BaseException):
    """The process ended here."""


class Dying:
    """A store whose process is killed at a call: before it, or in the middle of a put, as :class:`FsspecBlobs` leaves it."""

    def __init__(self, store: FsspecBlobs, at: int) -> None:
        self._store, self._left = store, at

    def put(self, key: str, data: bytes) -> None:
        self._count()
        self._store.put(key, data)

    def get(self, key: str) -> bytes:
        return self._store.get(key)

    def delete(self, key: str) -> None:
        self._count()
        self._store.delete(key)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed


@pytest.mark.parametrize("at", range(3))
def test_killed_at_any_call_of_a_save_leaves_a_whole_checkpoint(store: FsspecBlobs, folder: Path, at: int) -> None:
    Checkpoints(store, keep_last=1).save(snapshot(10))
    with pytest.raises(Killed):
        Checkpoints(Dying(store, at), keep_last=1).save(snapshot(20))
    found = Checkpoints(store, keep_last=1).load_last()
    assert found is not None
    assert found.position.step == (10 if at < 2 else 20)
    Checkpoints(store, keep_last=1).save(snapshot(30))
    assert {path.name for path in folder.iterdir()} - {"step-00000020.pt"} == {INDEX, "step-00000030.pt"}


def test_what_a_killed_save_was_about_to_delete_goes_with_the_next(store: FsspecBlobs, folder: Path) -> None:
    Checkpoints(store, keep_last=1).save(snapshot(10))
    with pytest.raises(Killed):
        Checkpoints(Dying(store, at=2), keep_last=1).save(snapshot(20))
    assert (folder / "step-00000010.pt").exists()
    Checkpoints(store, keep_last=1).save(snapshot(30))
    assert {path.name for path in folder.iterdir()} == {INDEX, "step-00000030.pt"}


class Full:
    """A store that takes nothing."""

    def put(self, key: str, data: bytes) -> None:
        raise ServiceUnavailable("blobs", "no space left")

    def get(self, key: str) -> bytes:
        raise NotFoundError(key)

    def delete(self, key: str) -> None:
        raise AssertionError("nothing may be deleted")


def test_a_store_that_takes_nothing_is_an_error_and_deletes_nothing() -> None:
    with pytest.raises(ServiceUnavailable):
        Checkpoints(Full()).save(snapshot(1))


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
            return Path.touch, (tmp_path / "touched",)  # type: ignore[return-value]

    path = tmp_path / "evil.pt"
    torch.save({"format": 1, "system": Evil()}, path)
    with pytest.raises(InputError):
        read_snapshot(path.read_bytes(), "evil.pt")
    with pytest.raises(InputError):
        read_snapshot(pickle.dumps(Evil()), "evil.pt")
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("values", [{}, {"format": 99}, {"format": 1}, {"format": 1, "identity": {}, "position": {}}])
def test_other_formats_are_refused(tmp_path: Path, values: dict[str, object]) -> None:
    path = tmp_path / "other.pt"
    torch.save(values, path)
    with pytest.raises(InputError, match=r"other\.pt"):
        read_snapshot(path.read_bytes(), "other.pt")


def test_an_object_store_works_as_well() -> None:
    checkpoints = Checkpoints(FsspecBlobs("memory://runs/of-this-test"), keep_last=1)
    checkpoints.save(snapshot(1))
    checkpoints.save(snapshot(2))
    found = checkpoints.load_last()
    assert found is not None
    assert found.position.step == 2
    index = json.loads(FsspecBlobs("memory://runs/of-this-test").get(INDEX))
    assert [entry["name"] for entry in index["checkpoints"]] == ["step-00000002.pt"]
