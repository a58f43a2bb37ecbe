"""The fit on real people: machine-made key points of Market-1501."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sightline.body_model.fit import fit_dense_coordinates
from sightline.body_model.parts import PARTS
from sightline.skeleton import JOINTS


@pytest.mark.shared
def test_people_are_found_and_fill_a_plausible_part_of_their_crops(shared_dir: Path) -> None:
    with np.load(shared_dir / "data" / "market1501" / "keypoints.npz") as archive:
        xy = archive["xy"][::50]
    keypoints = np.zeros((len(xy), len(JOINTS), 3), np.float32)
    keypoints[:, :14] = np.dstack([(xy + 0.5) / (64, 128), np.ones(xy.shape[:2])])
    part = fit_dense_coordinates(keypoints, (128, 64)).part
    covered = (part > 0).mean(axis=(1, 2))
    torso = np.isin(part, [PARTS.index("torso_front"), PARTS.index("torso_back")]).any(axis=(1, 2))
    assert torso.all()
    assert 0.25 < np.median(covered) < 0.45
    assert (covered > 0.1).mean() > 0.98
