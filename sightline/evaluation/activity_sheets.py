"""What a net looks at: pictures beside heat maps of its maps' activity, a query above its first right match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sightline.evaluation.evaluating import Evaluation
from sightline.evaluation.insides import Insides, LookedAt
from sightline.evaluation.market_layout import LabelledPicture
from sightline.evaluation.ranked_pictures import spread
from sightline.types import Float32Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

COLOUR_MAP = "viridis"
"""Even in lightness and readable for the colour-blind."""
_WINDOW_COLOUR = "#e69f00"
_TILE_WIDTH_IN, _HEADING_IN, _DPI = 1.15, 0.4, 150
_SHADE = 0.65


@dataclass(frozen=True, slots=True)
class Pair:
    """A query, and the first of its right matches in the ranking."""

    query: LabelledPicture
    match: LabelledPicture
    rank: int


def pairs(evaluation: Evaluation, count: int) -> list[Pair]:
    """Of ``count`` queries from the worst average precision to the best, evenly; of all where there are fewer."""
    result, gallery = evaluation.best.result, evaluation.gallery
    found = []
    for which in spread(result, count):
        query = int(result.counted[which])
        same = gallery.pids == evaluation.queries.pids[query]
        right = np.flatnonzero(same & (gallery.camids != evaluation.queries.camids[query]))
        nearest = right[np.argmin(evaluation.best.distances[query, right])]
        rank = int(result.hit_ranks[which][0])
        found.append(Pair(evaluation.queries.pictures[query], gallery.pictures[int(nearest)], rank))
    return found


def write_activity_sheets(evaluation: Evaluation, insides: Insides, count: int, folder: Path) -> list[Path]:
    """Write a sheet for each of ``count`` queries; none where the net has no map to look at. matplotlib must be installed.

    Args:
        evaluation: the ranking that was asked for says which queries.
        insides: of the model that was evaluated.
        count: of queries.
        folder: exists; the files are named by place and query.
    """
    paths = []
    for place, pair in enumerate(pairs(evaluation, count), start=1):
        looked = insides.look([pair.query, pair.match])
        if not looked[0].activities:
            break
        path = folder / f"{place:03}_{pair.query.file_name}.png"
        _draw(pair, looked, path)
        paths.append(path)
    return paths


def scaled(activity: Float32Array) -> Float32Array:
    """A map from its least cell, 0, to its greatest, 1; a flat map is 0."""
    low, extent = float(activity.min()), float(np.ptp(activity))
    return np.asarray((activity - low) / extent if extent > 0 else np.zeros_like(activity), np.float32)


def _draw(pair: Pair, looked: Sequence[LookedAt], path: Path) -> None:
    from matplotlib.figure import Figure

    labels = list(looked[0].activities)
    height, width = looked[0].pixels.shape[:2]
    tile_height = _TILE_WIDTH_IN * min(height / width, 3.0)
    size = (_TILE_WIDTH_IN * (1 + len(labels)) + 1.5, 2 * tile_height + _HEADING_IN)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    grid = figure.subplots(2, 1 + len(labels), squeeze=False)
    titles = (f"query\n{_who(pair.query)}", f"right match, rank {pair.rank}\n{_who(pair.match)}")
    image = None
    for row, seen, title in zip(grid, looked, titles, strict=True):
        _picture(row[0], seen)
        row[0].set_ylabel(title, fontsize=8)
        for axes, label in zip(row[1:], labels, strict=True):
            image = _heat(axes, seen, seen.activities[label])
    for axes, label in zip(grid[0], ("picture", *labels), strict=True):
        rows_columns = "" if label == "picture" else "\n{} x {}".format(*looked[0].activities[label].shape)
        axes.set_title(f"{label.replace('_', ' ')}{rows_columns}", fontsize=8)
    if image is not None:
        bar = figure.colorbar(image, ax=grid, shrink=0.6, ticks=[0, 1])
        bar.set_ticklabels(["least", "most"], fontsize=8)
        bar.set_label("activity of a cell, in each map", fontsize=8)
    figure.savefig(path)


def _picture(axes: Axes, seen: LookedAt) -> None:
    from matplotlib.patches import Rectangle

    height, width = seen.pixels.shape[:2]
    axes.imshow(seen.pixels)
    for left, top, right, bottom in seen.windows_xyxy * np.array([width, height, width, height], np.float32) - 0.5:
        box = Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=_WINDOW_COLOUR, linewidth=1.1)
        axes.add_patch(box)
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)


def _heat(axes: Axes, seen: LookedAt, activity: Float32Array) -> AxesImage:
    """The map over the picture in grey, each cell where it looks."""
    height, width = seen.pixels.shape[:2]
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    axes.imshow(seen.pixels.mean(axis=2), cmap="gray", vmin=0, vmax=255)
    heat = axes.imshow(scaled(activity), cmap=COLOUR_MAP, vmin=0, vmax=1, alpha=_SHADE, extent=extent, interpolation="bilinear")
    _bare(axes, seen)
    return heat


def _bare(axes: Axes, seen: LookedAt) -> None:
    """The picture and nothing round it, in pixels from its top-left corner, whatever was drawn."""
    height, width = seen.pixels.shape[:2]
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _who(picture: LabelledPicture) -> str:
    return f"person {picture.pid}, camera {picture.camid}"
