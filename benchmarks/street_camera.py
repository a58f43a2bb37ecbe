"""Scoring the street camera: who its sightings are by the ground truth, how many people were found, and how they rank.

Its frames are those of Market-1501's camera 6, one a second, and the data name the people in them. Market-1501's crops
of the same people from cameras 1 to 5 are the queries.
"""

from __future__ import annotations

import csv
import tarfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sightline.decoding import ImageLimits, decode_image
from sightline.geometry import pairwise_iou, xywh_to_xyxy
from sightline.ranking import RankingResult, evaluate_ranking, pairwise_distance
from sightline.settings import StreamSettings
from sightline.stages.perception import Perception
from sightline.types import Float32Array, Int64Array, Sighting

CAMID = 6
FPS = 1.0
MATCH_IOU = 0.5
JUNK_PID = -1
"""A person whom the data do not name: neither right nor wrong."""
DISTRACTOR_PID = 0
"""A detection of none of the people in the ground truth: always wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Who is in a frame: ``pids`` int64 (N,), ``boxes_xyxy`` float32 (N, 4) in its pixels."""

    pids: Int64Array
    boxes_xyxy: Float32Array


@dataclass(frozen=True, slots=True)
class Query:
    """A crop of one person: its ``pid``, the camera's ``camid``, and the JPEG."""

    name: str
    pid: int
    camid: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Recall:
    """How many people of the ground truth some sighting overlaps by :data:`MATCH_IOU`, and how many there are."""

    found: int
    people: int

    @property
    def rate(self) -> float:
        return self.found / self.people


def unpack_frames(archive: Path, folder: Path) -> list[Path]:
    """Put the frames of ``camera6.tar`` into a folder, to be published from there; in the order of their publication."""
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            content = tar.extractfile(member)
            if content is not None and member.name.endswith(".jpg"):
                (folder / Path(member.name).name).write_bytes(content.read())
    return sorted(folder.glob("*.jpg"))


def read_people(archive: Path) -> dict[str, People]:
    """Frame's file name -> who is in it, from ``ground_truth.csv`` of ``camera6.tar``; frames without people are left out."""
    with tarfile.open(archive) as tar:
        content = tar.extractfile("camera6/ground_truth.csv")
        assert content is not None, "ground_truth.csv is a file"
        rows = list(csv.DictReader(content.read().decode().splitlines()))
    by_frame = defaultdict(list)
    for row in rows:
        by_frame[row["frame"]].append(row)
    return {frame: _people(rows) for frame, rows in by_frame.items()}


def read_queries(archive: Path, pids: set[int]) -> list[Query]:
    """The query crops of these people that other cameras than this one took, from ``market1501/images.tar``."""
    found = []
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            path = Path(member.name)
            if path.parent.name != "query" or path.suffix != ".jpg":
                continue
            pid, camid = int(path.name.split("_")[0]), int(path.name.split("_")[1][1])
            content = tar.extractfile(member)
            if pid in pids and camid != CAMID and content is not None:
                found.append(Query(path.name, pid, camid, content.read()))
    return sorted(found, key=lambda query: query.name)


def named_pids(people: Mapping[str, People]) -> set[int]:
    """Everybody whom the ground truth names."""
    return {int(pid) for frame in people.values() for pid in frame.pids} - {JUNK_PID}


def frame_of(sighting: Sighting, frames: Sequence[Path], *, start_us: int) -> str:
    """The file name of the frame that a sighting was seen in: one a second, the first at ``start_us``."""
    return frames[round((sighting.captured_at_us - start_us) * FPS / 1e6)].name


def label(boxes_xyxy: Float32Array, people: People | None) -> Int64Array:
    """Who is in each box of a frame: the pid of the person it overlaps best, by :data:`MATCH_IOU`. (N, 4) -> (N,)."""
    if people is None or not len(boxes_xyxy):
        return np.full(len(boxes_xyxy), DISTRACTOR_PID, np.int64)
    overlap = pairwise_iou(boxes_xyxy, people.boxes_xyxy)
    return np.where(overlap.max(axis=1) >= MATCH_IOU, people.pids[overlap.argmax(axis=1)], DISTRACTOR_PID)


def label_sightings(
    sightings: Sequence[Sighting], frames: Sequence[Path], people: Mapping[str, People], *, start_us: int
) -> Int64Array:
    """The pid of each sighting (G,)."""
    pids = [
        label(xywh_to_xyxy(np.array([one.box_xywh], np.float32)), people.get(frame_of(one, frames, start_us=start_us)))[0]
        for one in sightings
    ]
    return np.array(pids, np.int64)


def detection_recall(
    sightings: Sequence[Sighting],
    frames: Sequence[Path],
    people: Mapping[str, People],
    *,
    start_us: int,
    min_height_px: float = 0.0,
) -> Recall:
    """How many of the people (at least so tall) some sighting overlaps."""
    boxes: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for one in sightings:
        boxes[frame_of(one, frames, start_us=start_us)].append(one.box_xywh)
    found = total = 0
    for name, frame in people.items():
        tall = (frame.boxes_xyxy[:, 3] - frame.boxes_xyxy[:, 1]) >= min_height_px
        total += int(tall.sum())
        if boxes[name]:
            seen = xywh_to_xyxy(np.array(boxes[name], np.float32))
            found += int((pairwise_iou(frame.boxes_xyxy[tall], seen).max(axis=1) >= MATCH_IOU).sum())
    return Recall(found, total)


async def embed_queries(perception: Perception, queries: Sequence[Query]) -> Float32Array:
    """The queries' vectors (Q, D), each crop taken whole, as ``crop=true`` takes it; with key points, if there are."""
    limits = ImageLimits.from_settings(StreamSettings())
    vectors = []
    for query in queries:
        image = decode_image(query.jpeg, limits=limits)
        whole = np.array([[0, 0, image.shape[1], image.shape[0]]], np.float32)
        vectors.append((await perception.describe(image, whole)).embeddings.vectors)
    return np.concatenate(vectors)


def rank_sightings(
    queries: Sequence[Query], vectors: Float32Array, sightings: Sequence[Sighting], pids: Int64Array
) -> RankingResult:
    """CMC and mAP of the sightings for these queries, by cosine. ``vectors`` (Q, D), ``pids`` (G,)."""
    gallery = np.stack([one.embedding for one in sightings])
    return evaluate_ranking(
        pairwise_distance(vectors, gallery, metric="cosine"),
        np.array([query.pid for query in queries]),
        pids,
        np.array([query.camid for query in queries]),
        np.full(len(sightings), CAMID),
    )


def _people(rows: Sequence[Mapping[str, str]]) -> People:
    boxes_xywh = np.array([[float(row[name]) for name in "xywh"] for row in rows], np.float32)
    return People(np.array([int(row["pid"]) for row in rows], np.int64), xywh_to_xyxy(boxes_xywh))
