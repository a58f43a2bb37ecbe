"""From features to figures: who counts, who asks, and what is written about it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.labelled_people import PEOPLE, write_people

from sightline.decoding import ImageLimits
from sightline.errors import ConfigurationError
from sightline.evaluation.embedded import EmbeddedPictures, ModelFacts
from sightline.evaluation.evaluating import EvaluationOptions, evaluate
from sightline.evaluation.market_layout import LabelledFolder, LabelledPicture, read_market_layout
from sightline.evaluation.ranked_pictures import RIGHT, WRONG, write_ranked_pictures
from sightline.evaluation.report import EvaluationReport
from sightline.evaluation.writing import prepare_report, write_report

LIMITS = ImageLimits(10**6, 10**6, 10**4)
MODEL = ModelFacts("reid_made_up", "0" * 64, version=1, embedding_space="reid_made_up_v1_8_000000000000")


@pytest.fixture
def people(tmp_path: Path) -> LabelledFolder:
    return read_market_layout(write_people(tmp_path / "people"))


def embedded(pictures: Sequence[LabelledPicture], *, noise: float = 0.0) -> EmbeddedPictures:
    """Each person has an axis; junk looks like person 1, the distractor like nobody."""
    rng = np.random.default_rng(0)
    axes = np.eye(8, dtype=np.float32)[[max(1, picture.pid) if picture.pid else 7 for picture in pictures]]
    features = axes + noise * rng.standard_normal(axes.shape).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return EmbeddedPictures({picture: row for row, picture in enumerate(pictures)}, features)


def everybody(people: LabelledFolder) -> tuple[LabelledPicture, ...]:
    return people.query + people.gallery


@pytest.mark.parametrize("rerank", [False, True])
def test_junk_and_the_own_camera_do_not_count(people: LabelledFolder, rerank: bool) -> None:
    result = evaluate(people, embedded(everybody(people)), EvaluationOptions(rerank=rerank, max_rank=5))

    assert result.best is (result.reranked if rerank else result.plain)
    assert result.best.result.cmc.tolist() == [1.0] * 5
    assert result.best.result.mean_ap == pytest.approx(1.0)
    assert result.junk == 1
    assert -1 not in result.gallery.pids
    assert result.plain.mean_ap() == pytest.approx({"non_interpolated": 1, "trapezoidal": 1, "interpolated": 1})


def test_single_shot(people: LabelledFolder) -> None:
    options = EvaluationOptions(protocol="cuhk03", max_rank=4)

    assert evaluate(people, embedded(everybody(people)), options).plain.result.cmc.tolist() == [1.0] * 4


def test_cameras(people: LabelledFolder) -> None:
    shutil.copy(people.query[0].path, people.query[0].path.with_name("0002_c2s1_000077_00.png"))
    folder = read_market_layout(people.query[0].path.parent.parent)
    options = EvaluationOptions(query_cameras=(2, 9), gallery_cameras=(1,))
    result = evaluate(folder, embedded(everybody(folder)), options)

    assert result.queries.camids.tolist() == [2]
    assert set(result.gallery.camids.tolist()) == {1}
    assert result.plain.result.cmc[0] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (EvaluationOptions(query_cameras=(9,)), r"no query picture of camera 9 .*\(cameras with pictures: 1\)"),
        (EvaluationOptions(gallery_cameras=(8, 9)), r"no gallery picture of camera 8, 9 .*: 1, 2\)"),
        (EvaluationOptions(gallery_cameras=(1,)), "nothing to evaluate"),
    ],
)
def test_nothing_left(people: LabelledFolder, options: EvaluationOptions, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        evaluate(people, embedded(everybody(people)), options)


def test_multi_query_pools_the_gallerys_own_camera(people: LabelledFolder) -> None:
    features = embedded(everybody(people), noise=0.2)
    single = evaluate(people, features, EvaluationOptions())
    pooled = evaluate(people, features, EvaluationOptions(multi_query="average"))

    assert len(pooled.queries.pictures) == len(single.queries.pictures) == 4
    one = [p for p in everybody(people) if (p.pid, p.camid) == (1, 1)]
    mean = features.of(one)[1].mean(axis=0)
    np.testing.assert_allclose(pooled.queries.features[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_multi_query_takes_gt_bbox_where_it_is(people: LabelledFolder) -> None:
    folder = people.query[0].path.parent.parent
    shutil.copytree(folder / "query", folder / "gt_bbox")  # as in Market-1501, the queries are there too
    shutil.copy(people.query[0].path, folder / "gt_bbox" / "0001_c1s1_000055_00.png")
    shutil.copy(people.query[0].path, folder / "gt_bbox" / "0001_c2s1_000055_00.png")
    folder = read_market_layout(folder)
    pictures = everybody(folder) + folder.multi_query
    features = embedded(pictures, noise=0.2)
    pooled = evaluate(folder, features, EvaluationOptions(multi_query="max"))

    one = [folder.query[0], next(p for p in folder.multi_query if p.name == "0001_c1s1_000055_00")]
    largest = features.of(one)[1].max(axis=0)
    np.testing.assert_allclose(pooled.queries.features[0], largest / np.linalg.norm(largest), atol=1e-6)
    np.testing.assert_allclose(pooled.queries.features[1], features.of([folder.query[1]])[1][0], atol=1e-6)


def test_pictures_that_were_left_out_do_not_count(people: LabelledFolder) -> None:
    result = evaluate(people, embedded(everybody(people)[1:]), EvaluationOptions())

    assert result.queries.pids.tolist() == [2, 3, 4]


@pytest.fixture
def report(people: LabelledFolder) -> EvaluationReport:
    features = embedded(everybody(people), noise=0.6)
    return EvaluationReport(MODEL, people, features, evaluate(people, features, EvaluationOptions(rerank=True)), False, 1.5)


def test_the_document_says_all(report: EvaluationReport) -> None:
    document = json.loads(report.to_json())
    evaluation = report.evaluation

    assert evaluation.reranked is not None
    assert document["reranked"] is True
    assert document["mean_ap"] == evaluation.reranked.result.mean_ap
    assert document["plain"]["rank_1"] == evaluation.plain.result.cmc[0]
    assert len(document["cmc"]) == 50
    assert document["mean_ap"] == document["mean_ap_variants"]["non_interpolated"]
    assert document["data"] == {
        "name": "people",
        "queries": 4,
        "gallery": 13,
        "distractors": 1,
        "junk": 1,
        "corrupt": [],
        "without_keypoints": 0,
    }
    assert document["by_query_camera"] == [
        {"camera": 1, "queries": 4, "rank_1": document["rank_1"], "mean_ap": pytest.approx(document["mean_ap"])}
    ]
    assert document["model"]["embedding_space"] == "reid_made_up_v1_8_000000000000"
    assert set(document["seconds"]) == {"embed", "rank", "rerank"}


def test_the_markdown_names_the_variants(report: EvaluationReport) -> None:
    text = report.to_markdown()

    assert (
        "| ranking | rank-1 | rank-5 | rank-10 | rank-20 | mAP, non-interpolated | mAP, trapezoidal | mAP, interpolated |"
        in text
    )
    assert f"| plain | {100 * report.evaluation.plain.result.cmc[0]:.1f} |" in text
    assert "| re-ranked |" in text
    assert str(report.folder.query[0].path.parent) not in text, "no path of this machine"


def test_a_short_cmc_has_no_later_ranks(people: LabelledFolder) -> None:
    features = embedded(everybody(people))
    report = EvaluationReport(MODEL, people, features, evaluate(people, features, EvaluationOptions(max_rank=5)), False, 0.0)

    assert report.document()["rank_10"] is None
    assert "| plain | 100.0 | 100.0 |  |  | 100.0 |" in report.to_markdown()


def test_what_is_written(report: EvaluationReport, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "report"
    prepare_report(folder)
    write_report(report, folder, pictures=3, limits=LIMITS)

    assert json.loads((folder / "evaluation.json").read_text()) == report.document()
    assert (folder / "evaluation.md").read_text() == report.to_markdown()
    plot = np.asarray(Image.open(folder / "cmc.png").convert("RGB"))
    assert len(np.unique(plot.reshape(-1, 3), axis=0)) > 10, "something is drawn"
    assert len(list((folder / "ranked").iterdir())) == 3


def test_right_is_green_and_wrong_is_red(report: EvaluationReport, tmp_path: Path) -> None:
    """Thirteen gallery pictures, one of them the query's person in the query's camera: twelve frames, two of them green."""
    paths = write_ranked_pictures(report.evaluation, 100, tmp_path, limits=LIMITS)

    assert len(paths) == len(PEOPLE)
    for path in paths:
        sheet = np.asarray(Image.open(path))
        green, red = (_frames(sheet, colour) for colour in (RIGHT, WRONG))
        assert (green, red) == (2, 10)


def _frames(sheet: np.ndarray, colour: str) -> int:
    """Frames of a colour, counted by their left edges in the middle of each row of tiles."""
    rgb = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    of_colour = (sheet == rgb).all(axis=2)
    rows = [of_colour[sheet.shape[0] // 4], of_colour[sheet.shape[0] * 3 // 4]]
    edges = sum(int((np.diff(row.astype(int), prepend=0) == 1).sum()) for row in rows)
    return edges // 2


def test_worst_and_best_are_shown(report: EvaluationReport, tmp_path: Path) -> None:
    result = report.evaluation.best.result
    worst, best = write_ranked_pictures(report.evaluation, 2, tmp_path, limits=LIMITS)

    names = [picture.name for picture in report.evaluation.queries.pictures]
    precision = dict(zip([names[query] for query in result.counted], result.average_precisions, strict=True))
    assert precision[worst.stem[4:]] == min(precision.values())
    assert precision[best.stem[4:]] == max(precision.values())


def test_of_a_larger_picture_the_person_is_shown(people: LabelledFolder, tmp_path: Path) -> None:
    """The lower halves of these pictures are dark; with boxes round the upper halves nothing dark is left."""

    def boxed(pictures: tuple[LabelledPicture, ...]) -> tuple[LabelledPicture, ...]:
        return tuple(
            replace(each, box_xywh=(0, 0, 16, 16), known_as=f"{each.path.parent.name}/{each.path.stem}") for each in pictures
        )

    folder = replace(people, query=boxed(people.query), gallery=boxed(people.gallery))
    dark = []
    for each in (people, folder):
        result = evaluate(each, embedded(everybody(each)), EvaluationOptions())
        (path,) = write_ranked_pictures(result, 1, tmp_path, limits=LIMITS)
        sheet = np.asarray(Image.open(path)).astype(int)
        dark.append(int((np.abs(sheet - 40).max(axis=2) < 3).sum()))
    assert dark[0] > 10_000
    assert dark[1] < 100


def test_a_folder_that_cannot_be_written(report: EvaluationReport, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        prepare_report(tmp_path / "file")


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigurationError, match=r"sightline\[evaluation\]"):
        prepare_report(tmp_path / "report")
