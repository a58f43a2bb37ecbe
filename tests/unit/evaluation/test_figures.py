"""The figures beside a report: numbers that are recomputed, pictures that show what they should, links that lead somewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.labelled_people import PEOPLE, write_people

from sightline.decoding import ImageLimits
from sightline.evaluation.activity_sheets import pairs, scaled, write_activity_sheets
from sightline.evaluation.embedded import EmbeddedPictures, ModelFacts
from sightline.evaluation.evaluating import EvaluationOptions, evaluate
from sightline.evaluation.figures import write_figures
from sightline.evaluation.insides import LookedAt
from sightline.evaluation.market_layout import LabelledFolder, LabelledPicture, read_market_layout
from sightline.evaluation.part_weight_figure import part_weight_table, write_part_weights
from sightline.evaluation.report import EvaluationReport
from sightline.evaluation.right_match_ranks import right_match_ranks
from sightline.evaluation.writing import Figures, write_report

WEIGHTS = {"deep": {"left_knee": 5.25, "right_knee": 9.0}, "shallow": {"left_knee": 10.0, "right_knee": 0.5}}
ORANGE = (0xE6, 0x9F, 0x00)


class Looking:
    """Sees the upper left quarter of everybody, and looks apart at a window in the middle."""

    def __init__(self, *, maps: bool = True, weights: Mapping[str, Mapping[str, float]] = WEIGHTS) -> None:
        self.maps, self.weights = maps, weights
        self.looked: list[LabelledPicture] = []

    def look(self, pictures: Sequence[LabelledPicture]) -> list[LookedAt]:
        self.looked += pictures
        quarter = np.array([[1, 0], [0, 0]], np.float32)
        windows = np.array([[0.25, 0.25, 0.75, 0.5]], np.float32)
        seen = LookedAt(np.full((64, 32, 3), 128, np.uint8), {"stage_1": quarter} if self.maps else {}, windows)
        return [seen] * len(pictures)

    def part_weights(self) -> Mapping[str, Mapping[str, float]]:
        return self.weights


@pytest.fixture(params=[False, True], ids=["plain", "re-ranked"])
def report(request: pytest.FixtureRequest, tmp_path: Path) -> EvaluationReport:
    folder = read_market_layout(write_people(tmp_path / "people"))
    features = noisy(folder)
    options = EvaluationOptions(rerank=request.param)
    return EvaluationReport(ModelFacts("net", "0" * 64), folder, features, evaluate(folder, features, options), False, 0.0)


def noisy(folder: LabelledFolder) -> EmbeddedPictures:
    pictures = folder.query + folder.gallery
    features = np.eye(8, dtype=np.float32)[[max(0, picture.pid) for picture in pictures]]
    features += 0.5 * np.random.default_rng(1).standard_normal(features.shape).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return EmbeddedPictures({picture: row for row, picture in enumerate(pictures)}, features)


def test_the_ranks_are_those_of_sorting_the_gallery(report: EvaluationReport) -> None:
    numbers = right_match_ranks(report.evaluation)
    queries, gallery, distances = report.evaluation.queries, report.evaluation.gallery, report.evaluation.best.distances

    every = []
    for entry in numbers["queries"]:
        row = [picture.name for picture in queries.pictures].index(entry["query"])
        order = np.argsort(distances[row], kind="stable")
        same, own = gallery.pids[order] == queries.pids[row], gallery.camids[order] == queries.camids[row]
        right = np.flatnonzero(same[~(same & own)]) + 1
        assert entry["ranks"] == right.tolist()
        assert entry["average_precision"] == pytest.approx(np.mean(np.arange(1, len(right) + 1) / right))
        every += entry["ranks"]
    assert len(numbers["queries"]) == len(PEOPLE)
    precisions = [entry["average_precision"] for entry in numbers["queries"]]
    assert precisions == sorted(precisions, reverse=True)
    assert len(set(precisions)) > 1, "else every order would do"
    assert numbers["right_matches"] == len(every) == 8
    assert numbers["within"]["5"] == sum(rank <= 5 for rank in every) / 8
    assert numbers["median_rank"] == np.median(every)
    assert numbers["reranked"] is (report.evaluation.reranked is not None)


def test_every_link_of_the_report_leads_to_a_picture(report: EvaluationReport, tmp_path: Path) -> None:
    out = tmp_path / "report"
    insides = Looking()
    write_report(report, out, figures=Figures(insides, pictures=3), limits=ImageLimits(10**6, 10**6, 10**4))

    text = (out / "evaluation.md").read_text()
    linked = [out / link for link in re.findall(r"\]\(([^)]+)\)", text)]
    assert set(linked) == {path for path in (out / "figures").rglob("*.*") if path.name != "part_weights.json"}
    assert len([path for path in linked if path.parent.name == "feature_maps"]) == 3
    for path in linked:
        if path.suffix == ".png":
            assert np.asarray(Image.open(path)).std() > 5, f"{path.name} shows something"
    assert json.loads((out / "figures" / "part_weights.json").read_text()) == WEIGHTS
    assert "| left knee | 5.25 | 10.00 |" in text
    assert json.loads((out / "figures" / "right_match_ranks.json").read_text()) == right_match_ranks(report.evaluation)


def test_a_model_without_an_inside_has_ranks_alone(report: EvaluationReport, tmp_path: Path) -> None:
    for number, insides in enumerate((None, Looking(maps=False, weights={}))):
        folder = tmp_path / str(number)
        folder.mkdir()
        text = write_figures(report, insides, folder, pictures=2)
        assert "Ranks of all right matches" in text
        assert "Feature maps" not in text
        assert "part weights" not in text
        assert not list(folder.rglob("part_weights*"))


def test_a_query_is_shown_with_the_nearest_of_its_right_matches(report: EvaluationReport, tmp_path: Path) -> None:
    evaluation = report.evaluation
    found = pairs(evaluation, 100)

    assert len(found) == len(PEOPLE)
    for pair in found:
        row = evaluation.queries.pictures.index(pair.query)
        right = [
            (evaluation.best.distances[row, column], picture)
            for column, picture in enumerate(evaluation.gallery.pictures)
            if picture.pid == pair.query.pid and picture.camid != pair.query.camid
        ]
        assert pair.match == min(right, key=lambda each: each[0])[1]
        which = evaluation.best.result.counted.tolist().index(row)
        assert pair.rank == evaluation.best.result.hit_ranks[which][0]
    insides = Looking()
    write_activity_sheets(evaluation, insides, 1, tmp_path)
    assert insides.looked == [found[0].query, found[0].match], "the worst, and its match"


def test_a_sheet_shows_the_window_and_where_the_map_answers(report: EvaluationReport, tmp_path: Path) -> None:
    (path,) = write_activity_sheets(report.evaluation, Looking(), 1, tmp_path)
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)

    assert (np.abs(pixels - ORANGE).sum(axis=2) < 12).sum() > 200, "the window's frame"
    grey_picture = (pixels == 128).all(axis=2)
    yellow = (pixels[..., 0] > 150) & (pixels[..., 1] > 150) & (pixels[..., 2] < 120) & ~grey_picture
    in_maps = yellow[:, : int(pixels.shape[1] * 0.68)]  # the scale on the right is yellow too
    rows = np.flatnonzero(in_maps.any(axis=1))
    assert len(rows), "the cell that answers most is the brightest"
    upper = rows[rows < pixels.shape[0] / 2]
    maps_rows = np.flatnonzero(grey_picture.any(axis=1))
    upper_picture = maps_rows[maps_rows < pixels.shape[0] / 2]
    assert upper.max() < upper_picture.mean() + 0.1 * len(upper_picture), "and it is in the upper half"


@pytest.mark.parametrize(
    ("activity", "expected"),
    [([[2.0, 4.0], [3.0, 2.0]], [[0.0, 1.0], [0.5, 0.0]]), ([[7.0, 7.0]], [[0.0, 0.0]])],
)
def test_each_map_is_scaled_on_its_own(activity: list[list[float]], expected: list[list[float]]) -> None:
    assert scaled(np.array(activity, np.float32)).tolist() == expected


def test_bars_are_as_long_as_the_weights(tmp_path: Path) -> None:
    """Blue is the first layer: its two bars are to one another as the weights."""
    write_part_weights(WEIGHTS, "net", tmp_path)
    pixels = np.asarray(Image.open(tmp_path / "part_weights.png").convert("RGB")).astype(int)
    blue = np.abs(pixels - (0x00, 0x72, 0xB2)).sum(axis=2) < 12
    blue[:, int(pixels.shape[1] * 0.75) :] = False  # the legend
    lengths = blue.sum(axis=1)
    bars = np.split(lengths, np.flatnonzero(np.diff((lengths > 0).astype(int))) + 1)
    first, second = (bar.max() for bar in bars if bar.max() > 0)
    assert first / second == pytest.approx(5.25 / 9.0, rel=0.03)
    assert part_weight_table(WEIGHTS).splitlines()[-1] == "| right knee | 9.00 | 0.50 |"
