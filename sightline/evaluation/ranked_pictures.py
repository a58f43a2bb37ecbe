"""Queries with what was found for them, as pictures: right matches in green frames, wrong ones in red."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline.contact_sheet import COLUMNS, Tile, contact_sheet
from sightline.decoding import ImageLimits, decode_image
from sightline.evaluation.evaluating import Evaluation
from sightline.evaluation.market_layout import LabelledPicture
from sightline.geometry import integer_box, xywh_to_xyxy
from sightline.ranking import RankingResult

RIGHT, WRONG = "#1a9850", "#d73027"
MATCHES = 2 * COLUMNS


def write_ranked_pictures(evaluation: Evaluation, count: int, folder: Path, *, limits: ImageLimits) -> list[Path]:
    """Write a contact sheet for each of ``count`` queries, from the worst average precision to the best, evenly.

    Gallery pictures that do not count (the query's person in the query's camera) are left out, as they are of the ranking.

    Args:
        evaluation: the ranking that was asked for is shown.
        count: of queries; all of them where there are fewer.
        folder: exists; the files are named by place and query.
        limits: of the encoded pictures.
    """
    result = evaluation.best.result
    paths = []
    for place, which in enumerate(spread(result, count), start=1):
        query = int(result.counted[which])
        path = folder / f"{place:03}_{evaluation.queries.pictures[query].file_name}.png"
        Image.fromarray(_sheet(evaluation, query, which, limits)).save(path)
        paths.append(path)
    return paths


def spread(result: RankingResult, count: int) -> NDArray[np.int64]:
    """Which of the counted queries to show, by rising average precision."""
    order = np.argsort(result.average_precisions, kind="stable")
    count = min(count, len(order))
    return np.asarray(order[np.linspace(0, len(order) - 1, count).round().astype(np.int64)])


def _sheet(evaluation: Evaluation, query: int, which: int, limits: ImageLimits) -> NDArray[np.uint8]:
    queries, gallery, ranking = evaluation.queries, evaluation.gallery, evaluation.best
    same = gallery.pids == queries.pids[query]
    counts = ~(same & (gallery.camids == queries.camids[query]))
    order = np.argsort(ranking.distances[query], kind="stable")
    matches = []
    for rank, row in enumerate(order[counts[order]][:MATCHES], start=1):
        picture = gallery.pictures[row]
        lines = (f"{rank}. distance {ranking.distances[query, row]:.3f}", _who(picture))
        matches.append(Tile(_pixels(picture, limits), lines, RIGHT if same[row] else WRONG))
    asked, result = queries.pictures[query], ranking.result
    first = int(result.hit_ranks[which][0])
    lines = (_who(asked), f"AP {100 * result.average_precisions[which]:.1f} %, first right: {first}")
    return contact_sheet(Tile(_pixels(asked, limits), lines), matches)


def _who(picture: LabelledPicture) -> str:
    who = "distractor" if picture.pid == 0 else f"person {picture.pid}"
    return f"{who}, camera {picture.camid}"


def _pixels(picture: LabelledPicture, limits: ImageLimits) -> NDArray[np.uint8]:
    """The person."""
    image = decode_image(picture.path.read_bytes(), limits=limits)
    if picture.box_xywh is None:
        return image
    box = xywh_to_xyxy(np.array(picture.box_xywh, np.float32))
    left, top, right, bottom = integer_box(box, (image.shape[1], image.shape[0]))
    return image[top:bottom, left:right]
