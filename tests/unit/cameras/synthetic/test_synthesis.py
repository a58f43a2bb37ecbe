"""The data set, read back by the training's own readers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline.attribute_table import read_attributes
from sightline.attributes import ATTRIBUTES
from sightline.body_model.parts import PARTS
from sightline.cameras.synthetic.crops import Usable
from sightline.cameras.synthetic.person import draw_person
from sightline.cameras.synthetic.synthesis import Made, Synthesis, synthesize
from sightline.errors import ConfigurationError
from sightline.keypoint_table import read_keypoints
from sightline.skeleton import JOINTS
from training.data.readers.market1501 import is_market1501, read_market1501

WANTED = Synthesis(
    identities=16, crops_each=3, cameras=2, seed=3, test_share=0.5, frames=7, size_wh=(480, 384), usable=Usable(48)
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Made, list[int]]:
    folder = tmp_path_factory.mktemp("made")
    told: list[int] = []
    done = synthesize(folder, WANTED, on_progress=lambda what, more, total: told.append(more))
    return folder, done, told


def test_the_layout_is_market_1501s(made: tuple[Path, Made, list[int]]) -> None:
    folder, done, told = made
    assert is_market1501(folder)
    reid = read_market1501(folder)
    assert len(reid.train) + len(reid.query) + len(reid.gallery) == done.crops == sum(told)
    assert {picture.pid for picture in reid.train} <= set(range(1, 9))
    assert {picture.pid for picture in (*reid.query, *reid.gallery)} <= set(range(9, 17))
    assert len({(picture.pid, picture.camid) for picture in reid.query}) == len(reid.query)
    assert {picture.camid for picture in reid.train} == {1, 2}
    assert done.identities >= 14


def test_key_points_lie_on_the_people(made: tuple[Path, Made, list[int]]) -> None:
    folder, done, _ = made
    table = read_keypoints(folder / "keypoints.npz")
    pictures = sorted(folder.glob("*/*.jpg"))
    pictures = [path for path in pictures if path.parent.name != "train"]
    names = [path.stem for path in pictures if path.stem in table.rows]
    assert len(names) == done.crops
    hits, total = 0, 0
    for name in names:
        iuv = np.asarray(Image.open(folder / "iuv" / f"{name}.png"))
        height, width = iuv.shape[:2]
        keypoints = table.of([name], [(width, height)])[0]
        assert keypoints.shape == (len(JOINTS), 3)
        seen = keypoints[keypoints[:, 2] == 1]
        columns, rows = np.minimum((seen[:, :2] * (width, height)).astype(int), (width - 1, height - 1)).T
        hits, total = hits + int((iuv[rows, columns, 0] > 0).sum()), total + len(seen)
    assert hits > 0.8 * total  # bags and edges are the rest


def test_maps_are_of_the_crops_size_with_parts_and_coordinates(made: tuple[Path, Made, list[int]]) -> None:
    folder, done, _ = made
    maps = sorted((folder / "iuv").glob("*.png"))
    assert len(maps) == done.crops
    parts: set[int] = set()
    for path in maps:
        iuv, picture = np.asarray(Image.open(path)), next(folder.glob(f"[bq]*/{path.stem}.jpg"))
        assert iuv.shape[1::-1] == Image.open(picture).size
        assert iuv[..., 0].max() < len(PARTS)
        assert (iuv[iuv[..., 0] == 0] == 0).all()
        parts |= set(np.unique(iuv[..., 0]).tolist())
    assert len(parts) == len(PARTS)


def test_attributes_are_those_of_the_people(made: tuple[Path, Made, list[int]]) -> None:
    folder, *_ = made
    table = read_attributes(folder / "attributes.csv")
    assert table.by == "pid"
    assert dict(table.values) == dict(ATTRIBUTES)
    for pid in range(1, 17):
        person = draw_person(3, pid)
        expected = [values.index(person.attributes[name]) for name, values in ATTRIBUTES.items()]
        assert table.labels[str(pid)].tolist() == expected


def test_frames_have_boxes_within_them(made: tuple[Path, Made, list[int]]) -> None:
    folder, done, _ = made
    with (folder / "detection" / "boxes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert done.frames == len({row["frame"] for row in rows}) == 7
    for row in rows:
        assert (folder / "detection" / row["split"] / row["frame"]).is_file()
        if row["cx"]:
            x, y, width, height = (float(row[name]) for name in ("cx", "cy", "w", "h"))
            assert width > 0
            assert height >= 20 / 384 - 1e-4
            assert -1e-4 <= x - width / 2 <= x + width / 2 <= 1 + 1e-4
            assert -1e-4 <= y - height / 2 <= y + height / 2 <= 1 + 1e-4
    assert {row["split"] for row in rows} == {"train", "val"}


def test_the_same_plan_makes_the_same_files(made: tuple[Path, Made, list[int]], tmp_path: Path) -> None:
    folder, *_ = made
    synthesize(tmp_path, WANTED, on_progress=lambda what, more, total: None)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path.suffix != ".npz")
    assert files == sorted(
        path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".npz"
    )
    assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in files)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ConfigurationError, match="not empty: name a new folder"):
        synthesize(tmp_path, WANTED, on_progress=lambda what, more, total: None)
