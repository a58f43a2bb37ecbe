"""Several sets as one to learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.training_data import write_market

from sightline.attributes import MISSING
from sightline.errors import ConfigurationError
from sightline.skeleton import JOINTS
from training.config import AugmentConfig
from training.data.config import DataConfig
from training.data.opening import NetInput, open_training_data


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    """Two sets with the same names of files; the first has key points, the second attributes."""
    first, second = write_market(tmp_path / "a" / "First"), write_market(tmp_path / "b" / "Second")
    names = sorted(path.name for path in first.rglob("*.jpg"))
    np.savez(first / "keypoints.npz", name=np.array(names), xy=np.full((len(names), 14, 2), 4, np.float32))
    pids = sorted({int(path.name[:4]) for path in (second / "bounding_box_train").glob("*.jpg")})
    rows = "".join(f"{pid},{'yes' if pid % 2 else 'no'}\n" for pid in pids)
    (second / "attributes.csv").write_text("pid,hat\n" + rows)
    return first, second


def test_people_and_cameras_stay_apart_and_the_unknown_is_unknown(sets: tuple[Path, Path]) -> None:
    first, second = sets
    net = NetInput((32, 16), AugmentConfig())
    alone = open_training_data(DataConfig(path=first), net)
    both = open_training_data(DataConfig(path=first, also=(second,)), net)
    of_first = len(alone.training)
    assert len(both.training) == 2 * of_first, "both sets have as many pictures"
    assert both.training.facts.classes == 2 * alone.training.facts.classes
    assert np.array_equal(both.training.classes[:of_first], alone.training.classes)
    assert not set(both.training.classes[:of_first]) & set(both.training.classes[of_first:])
    assert not set(both.training.camids[:of_first]) & set(both.training.camids[of_first:])
    assert len(both.evaluation.query) == len(alone.evaluation.query)

    batch = both.training.batch(np.array([0, of_first]), seed=0, epoch=0)
    assert batch.inputs.keypoints is not None
    seen = batch.inputs.keypoints[..., 2]
    assert int((seen[0] > 0).sum()) > 0
    assert seen[1].tolist() == [0] * len(JOINTS)
    assert both.training.facts.attributes == {"hat": 2}
    assert (both.training.attributes[:of_first] == MISSING).all()
    assert (both.training.attributes[of_first:] != MISSING).all()


def test_another_set_is_another_fingerprint(sets: tuple[Path, Path]) -> None:
    first, second = sets
    net = NetInput((32, 16), AugmentConfig())
    every = [DataConfig(path=first), DataConfig(path=first, also=(second,)), DataConfig(path=second, also=(first,))]
    prints = {open_training_data(each, net).training.fingerprint for each in every}
    assert len(prints) == 3


def test_other_attributes_are_refused(sets: tuple[Path, Path]) -> None:
    first, second = sets
    pids = sorted({int(path.name[:4]) for path in (first / "bounding_box_train").glob("*.jpg")})
    (first / "attributes.csv").write_text("pid,bag\n" + "".join(f"{pid},no\n" for pid in pids))
    with pytest.raises(ConfigurationError, match="other attributes"):
        open_training_data(DataConfig(path=first, also=(second,)), NetInput((32, 16), AugmentConfig()))
