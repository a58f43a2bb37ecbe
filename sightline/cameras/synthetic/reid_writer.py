"""Crops in Market-1501's layout, with key points, attributes and body coordinates beside them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image

from sightline.attributes import ATTRIBUTES
from sightline.cameras.synthetic.crops import Crop
from sightline.cameras.synthetic.person import Person
from sightline.skeleton import JOINTS
from sightline.types import Float32Array

TRAIN, QUERY, GALLERY = FOLDERS = ("bounding_box_train", "query", "bounding_box_test")
_JPEG_QUALITY = 93


class ReidWriter:
    """Writes one set.

    The first crop of a test identity in each camera is a query, its others are the gallery.

    Args:
        folder: of the set; it exists.
        first_test_pid: this identity and those after it are for the test.
        iuv: write the maps of part ids and coordinates.
    """

    def __init__(self, folder: Path, *, first_test_pid: int, iuv: bool) -> None:
        self._folder = folder
        self._first_test_pid = first_test_pid
        self._names: list[str] = []
        self._keypoints: list[Float32Array] = []
        self._queried: set[tuple[int, int]] = set()
        self._iuv = iuv
        for name in (*FOLDERS, *(("iuv",) if iuv else ())):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def __len__(self) -> int:
        return len(self._names)

    def add(self, crop: Crop, *, camera: int, sequence: int, frame: int) -> str:
        """Write one crop; camera and sequence count from 1. Its name without the ending is the answer."""
        name = f"{crop.pid:04d}_c{camera}s{sequence}_{frame:06d}_01"
        data = simplejpeg.encode_jpeg(crop.image, quality=_JPEG_QUALITY, colorspace="RGB", colorsubsampling="420")
        (self._folder / self._part(crop.pid, camera) / f"{name}.jpg").write_bytes(data)
        if self._iuv:
            Image.fromarray(crop.iuv).save(self._folder / "iuv" / f"{name}.png")
        self._names.append(name)
        self._keypoints.append(crop.keypoints)
        return name

    def finish(self, people: list[Person]) -> None:
        """Write the tables, when all crops are there."""
        keypoints = np.array(self._keypoints, np.float32).reshape(-1, len(JOINTS), 3)
        np.savez_compressed(
            self._folder / "keypoints.npz",
            name=np.array(self._names, np.str_),
            xy=keypoints[..., :2],
            confidence=keypoints[..., 2],
            joints=np.array(JOINTS),
            unit=np.array("picture"),
        )
        with (self._folder / "attributes.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["pid", *ATTRIBUTES])
            table.writerows([person.pid, *(person.attributes[name] for name in ATTRIBUTES)] for person in people)

    def _part(self, pid: int, camera: int) -> str:
        if pid < self._first_test_pid:
            return TRAIN
        if (pid, camera) in self._queried:
            return GALLERY
        self._queried.add((pid, camera))
        return QUERY
