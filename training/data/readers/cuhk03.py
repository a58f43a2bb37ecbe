"""CUHK03 (Li et al., CVPR 2014), in its classic protocol of 20 splits and in the new one of 767/700 identities.

It is read from a folder with the official ``cuhk-03.mat`` (also in ``cuhk03_release/``), whose pictures are unpacked once
into a cache. The new protocol (Zhong et al., CVPR 2017) also needs ``cuhk03_new_protocol_config_<boxes>.mat`` beside it. Sets
that somebody brought into Market-1501's layout (CUHK03-NP) are read as such.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.io import loadmat

from sightline.errors import ConfigurationError
from training.data.cache import filled_once
from training.data.readers.cuhk03_mat import TESTSETS, Boxes, extract
from training.data.readers.image_files import image_files
from training.data.records import Picture, ReidSet, checked

MATS = ("cuhk-03.mat", "cuhk03_release/cuhk-03.mat")


@dataclass(frozen=True, slots=True)
class Cuhk03Protocol:
    """Which of CUHK03's protocols.

    Attributes:
        kind: ``new`` = 767 training and 700 test identities, one split; ``classic`` = 20 splits of 100 test identities. The
            classic one is scored single-shot: ``evaluate_ranking(..., protocol="cuhk03")``, averaged over the splits.
        boxes: ``detected`` by DPM, or ``labeled`` by hand.
        split: of the classic protocol, 0 to 19.
        pairs: of cameras, whose identities count in the classic protocol: 5 = 1,467 in all (Deep-Person trains on 1,367),
            3 = the 1,360 of the first three pairs (DJL trains on 1,160).
        validation_ids: so many of the classic protocol's training identities are not trained on.
        held_out: who is looked for: the ``test`` identities, or those of ``validation``.
    """

    kind: Literal["new", "classic"] = "new"
    boxes: Boxes = "detected"
    split: int = 0
    pairs: int = 5
    validation_ids: int = 0
    held_out: Literal["test", "validation"] = "test"


def is_cuhk03(folder: Path) -> bool:
    """Whether a folder has the official file."""
    return any((folder / name).is_file() for name in MATS)


def read_cuhk03(
    folder: Path,
    *,
    cache: Path,
    protocol: Cuhk03Protocol | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ReidSet:
    """The set in a folder with the official file.

    Args:
        folder: holds it.
        cache: where the pictures are unpacked, once.
        protocol: unset = the new one on detected boxes.
        on_progress: told identities unpacked and in all.

    Raises:
        ConfigurationError: a file is missing or not what it should be, or there is no such split.
    """
    mat = next(folder / name for name in MATS if (folder / name).is_file())
    unpacked = filled_once(cache, mat, lambda target: extract(mat, target, on_progress))
    chosen = protocol or Cuhk03Protocol()
    pictures = {path.name: path for path in image_files(unpacked / chosen.boxes)}
    if chosen.kind == "new":
        return checked(_new(folder / f"cuhk03_new_protocol_config_{chosen.boxes}.mat", pictures))
    return checked(_classic(unpacked / TESTSETS, pictures, chosen))


def _new(config: Path, pictures: dict[str, Path]) -> ReidSet:
    if not config.is_file():
        raise ConfigurationError(
            f"CUHK03's new protocol needs {config}, which is published with the protocol; or choose the classic protocol"
        )
    try:
        mat: dict[str, Any] = loadmat(config)
        names = [str(item[0]) for item in mat["filelist"].ravel()]
        labels = [int(label) for label in mat["labels"].ravel()]
        parts = [[int(index) - 1 for index in mat[f"{part}_idx"].ravel()] for part in ("train", "query", "gallery")]
        train, query, gallery = (
            tuple(Picture(pictures[names[index]], labels[index], _view(names[index])) for index in part) for part in parts
        )
    except (KeyError, IndexError, ValueError) as error:
        raise ConfigurationError(f"{config} is not the configuration of CUHK03's new protocol: {error!r}") from error
    return ReidSet(f"CUHK03 new, {config.stem.rpartition('_')[2]}", train, query, gallery)


def _classic(testsets: Path, pictures: dict[str, Path], chosen: Cuhk03Protocol) -> ReidSet:
    people = sorted({_person(name) for name in pictures if _person(name)[0] <= chosen.pairs})
    pids = {person: pid for pid, person in enumerate(people, start=1)}
    test = _test_people(testsets, chosen.split)
    if not test <= set(pids):
        raise ConfigurationError(f"split {chosen.split} of CUHK03 tests on people beyond the first {chosen.pairs} camera pairs")
    learnt = [person for person in people if person not in test]
    validation = _validation(learnt, chosen)
    held_out = test if chosen.held_out == "test" else validation
    every = [
        (Picture(path, pids[person], _view(name)), person)
        for name, path in pictures.items()
        if (person := _person(name)) in pids
    ]
    return ReidSet(
        name=f"CUHK03 classic, {chosen.boxes}, split {chosen.split}",
        train=tuple(picture for picture, person in every if person not in test | validation),
        query=tuple(picture for picture, person in every if person in held_out and picture.camid == 1),
        gallery=tuple(picture for picture, person in every if person in held_out and picture.camid == 2),
    )


def _validation(learnt: list[tuple[int, int]], chosen: Cuhk03Protocol) -> set[tuple[int, int]]:
    if chosen.validation_ids >= len(learnt) or (chosen.held_out == "validation" and chosen.validation_ids == 0):
        raise ConfigurationError(
            f"validation_ids: expected 1 to {len(learnt) - 1} where validation is asked for, got {chosen.validation_ids}"
        )
    drawn = np.random.default_rng(chosen.split).choice(len(learnt), chosen.validation_ids, replace=False)
    return {learnt[index] for index in drawn}


def _test_people(testsets: Path, split: int) -> set[tuple[int, int]]:
    with testsets.open(newline="") as file:
        rows = [(int(row["split"]), (int(row["pair"]), int(row["person"]))) for row in csv.DictReader(file)]
    found = {person for number, person in rows if number == split}
    if not found:
        raise ConfigurationError(f"split: expected 0 to {max(number for number, _ in rows)}, got {split}")
    return found


def _person(name: str) -> tuple[int, int]:
    """Camera pair and identity within it, of ``1_001_1_01.png``."""
    pair, person, *_ = name.split("_")
    return int(pair), int(person)


def _view(name: str) -> int:
    return int(name.split("_")[2])
