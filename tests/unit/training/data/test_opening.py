"""From a folder to batches: the whole way, on made-up sets and on the real ones."""

from __future__ import annotations

import logging
import shutil
import tarfile

import numpy as np
import pytest
import torch

from sightline.errors import ConfigurationError, InputError
from sightline.skeleton import JOINTS
from training.augment.view import MEAN_COLOUR
from training.config import AugmentConfig, IdentityBalanced
from training.data.config import Cuhk01Layout, DataConfig, Market1501Layout
from training.data.opening import NetInput, open_training_data
from training.data.part_images import part_images
from training.samplers.build import build_sampler

NET = NetInput((128, 64), AugmentConfig(flip=0.0))


def annotate(folder, names, *, pids=(2, 7, 3)):
    """Key points of every picture and attributes of every person, beside the set."""
    xy = np.full((len(names), 14, 2), 20, np.float32)
    np.savez(folder / "keypoints.npz", name=names, xy=xy)
    (folder / "attributes.csv").write_text("pid,hat\n" + "".join(f"{pid},{'yes' if pid == 7 else 'no'}\n" for pid in pids))


@pytest.fixture
def names(market):
    return [path.name for path in market.rglob("*.jpg")]


def test_a_folder_becomes_batches(market, caplog):
    told = []
    with caplog.at_level(logging.INFO):
        data = open_training_data(DataConfig(path=market), NET, report=lambda *news: told.append(news))
    assert data.training.facts.classes == 2
    assert not data.training.facts.keypoints
    assert data.training.batch(np.array([0, 2]), seed=0, epoch=0).targets.classes.tolist() == [0, 1]
    assert data.evaluation.name == "Tiny-1501"
    assert data.evaluation.query.pids.tolist() == [3]
    assert sorted(data.evaluation.gallery.pids.tolist()) == [-1, 0, 3, 3]
    assert ("reading pictures", 8, 8) in told
    assert "8 of 8 decoded pictures are kept in memory" in caplog.text
    assert "3 pictures of 2 identities to learn from; 1 queries, a gallery of 4" in caplog.text


@pytest.mark.parametrize("beside", ["in", "above"])
def test_annotations_beside_the_data_are_found(market, names, beside):
    annotate(market if beside == "in" else market.parent, names)
    data = open_training_data(DataConfig(path=market), NET)
    assert data.training.facts.keypoints
    assert data.training.facts.attributes == {"hat": 2}
    batch = data.training.batch(np.array([0, 2]), seed=0, epoch=0)
    assert batch.targets.attributes.tolist() == [[0], [1]]
    np.testing.assert_allclose(batch.inputs.keypoints[0, 0], [20.5 / 64, 20.5 / 128, 1])
    assert next(data.evaluation.query.batches()).keypoints.shape == (1, 19, 3)


def test_annotations_beside_an_archive_are_found(market, names, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    with tarfile.open(here / "images.tar", "w") as tar:
        tar.add(market, market.name)
    annotate(here, names)
    for path in (here, here / "images.tar"):
        data = open_training_data(DataConfig(path=path, cache=tmp_path / "cache"), NET)
        assert data.training.facts.keypoints
        assert data.training.facts.attributes == {"hat": 2}


def test_given_annotations_must_fit(market, tmp_path):
    annotate(tmp_path, ["other.jpg"], pids=(99,))
    for given in ({"keypoints": tmp_path / "keypoints.npz"}, {"attributes": tmp_path / "attributes.csv"}):
        with pytest.raises(ConfigurationError, match="is it of another data set"):
            open_training_data(DataConfig(path=market, **given), NET)
    assert not open_training_data(DataConfig(path=market), NET).training.facts.keypoints, "found beside it: left alone"


def test_broken_pictures_stop_it_or_are_left_out(market):
    (market / "bounding_box_train" / "0007_c3s3_077419_03.jpg").write_bytes(b"broken")
    with pytest.raises(InputError, match="1 of 8 pictures cannot be read"):
        open_training_data(DataConfig(path=market), NET)
    data = open_training_data(DataConfig(path=market, broken="skip"), NET)
    assert len(data.training) == 2
    assert data.training.facts.classes == 1
    assert len(data.evaluation.gallery) == 4


def test_part_images_are_made_where_there_are_key_points(market, names):
    net = NetInput((128, 64), AugmentConfig(flip=0.0), part_images=part_images)
    assert not open_training_data(DataConfig(path=market), net).training.facts.part_images
    annotate(market, names)
    training = open_training_data(DataConfig(path=market), net).training
    assert training.facts.part_images
    images = training.batch(np.array([0]), seed=0, epoch=0).inputs.part_images
    assert images.shape == (1, 24, 3, 32, 32)


def test_what_is_learnt_from_decides_the_fingerprint(market, names, tmp_path):
    def of(path=market, **more):
        return open_training_data(DataConfig(path=path, **more), NET).training.fingerprint

    base = of()
    shutil.copytree(market, tmp_path / "copies" / market.name)
    assert of(tmp_path / "copies") == base
    assert of(resolution=0.5) != base
    annotate(market, names)
    assert of() != base


def test_a_wrong_augmentation_is_said_before_the_data_are_read(tmp_path):
    net = NetInput((128, 64), AugmentConfig(resize_hw=(10, 10)))
    with pytest.raises(ConfigurationError, match=r"augment\.resize_hw"):
        open_training_data(DataConfig(path=tmp_path / "nowhere"), net)


def test_a_config_reads_back_from_plain_values(tmp_path):
    config = DataConfig(path=tmp_path, layout=Cuhk01Layout(test_ids=100, split=3))
    assert DataConfig.model_validate(config.model_dump(mode="json")) == config
    assert DataConfig.model_validate({"path": "x", "layout": {"kind": "market1501"}}).layout == Market1501Layout()


@pytest.mark.shared
def test_market_1501_dev_with_its_annotations(shared_dir, tmp_path):
    config = DataConfig(path=shared_dir / "data" / "market1501" / "images.tar", cache=tmp_path)
    data = open_training_data(config, NET)
    facts = data.training.facts
    assert (len(data.training), facts.classes) == (8587, 551)
    assert (len(data.evaluation.query), len(data.evaluation.gallery)) == (474, 1835)
    assert list(facts.attributes.values()) == [2, 2, 2, 2, 2, 2, 2, 2, 2, 4, 9, 10]
    assert facts.keypoints
    sampler = build_sampler(IdentityBalanced(), data.training.classes, seed=0)
    batch = next(data.training.batches(sampler.batches(0), seed=0, epoch=0))
    assert batch.inputs.images.shape == (64, 3, 128, 64)
    assert (batch.targets.attributes >= 0).all(), "every identity has its labels"
    joints = batch.inputs.keypoints
    assert (joints[:, :14, 2] == 1).all()
    assert (joints[:, 14:] == 0).all()
    head, ankles = joints[:, JOINTS.index("head_top"), 1], joints[:, JOINTS.index("left_ankle"), 1]
    assert (head < ankles).float().mean() > 0.95
    assert float(batch.inputs.images.float().mean()) == pytest.approx(np.mean(MEAN_COLOUR), abs=40)


@pytest.mark.shared
def test_cuhk03_dev(shared_dir, tmp_path):
    data = open_training_data(DataConfig(path=shared_dir / "data" / "cuhk03", cache=tmp_path, memory_bytes=0), NET)
    assert (len(data.training), data.training.facts.classes) == (9609, 1000)
    assert (len(data.evaluation.query), len(data.evaluation.gallery)) == (200, 743)
    assert set(data.evaluation.query.camids.tolist()) == {1, 2}
    first, again = (data.training.batch(np.array([0, 9608]), seed=0, epoch=0).inputs.images for _ in range(2))
    assert torch.equal(first, again)
