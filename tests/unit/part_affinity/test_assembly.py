"""People out of maps that are exactly what a perfect pose net would say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sightline.part_affinity.assembly import AssemblyRule, assemble
from sightline.part_affinity.limbs import limb_scores, matched
from sightline.part_affinity.peaks import Peaks, find_peaks
from sightline.skeleton import JOINTS, indices
from training.nets.openpose.drawing import draw_maps
from training.nets.openpose.map_spec import PAPER_MAPS, MapSpec

SPEC = MapSpec(spread=1.5, limb_width=1.0)
"""Market's 14 joints and 13 limbs."""
RULE = AssemblyRule(SPEC.joints, SPEC.drawn_limbs)
SIZE = (60, 90)

STANDING = {
    "head_top": (0.0, 0.0), "neck": (0.0, 0.16),
    "right_shoulder": (-0.07, 0.18), "right_elbow": (-0.11, 0.33), "right_wrist": (-0.1, 0.47),
    "left_shoulder": (0.07, 0.18), "left_elbow": (0.11, 0.33), "left_wrist": (0.12, 0.47),
    "right_hip": (-0.045, 0.5), "right_knee": (-0.06, 0.72), "right_ankle": (-0.055, 0.95),
    "left_hip": (0.045, 0.5), "left_knee": (0.065, 0.72), "left_ankle": (0.08, 0.95),
}  # fmt: skip
"""Of a person of height 1 whose head is at (0, 0)."""


def person(x: float, y: float, height: float, *, without: tuple[str, ...] = ()) -> np.ndarray:
    """float32 (19, 3), parts of the picture."""
    points = np.zeros((len(JOINTS), 3), np.float32)
    for name, (across, down) in STANDING.items():
        if name not in without:
            points[JOINTS.index(name)] = (x + across * height, y + down * height, 1)
    return points


def maps(*people: np.ndarray, spec: MapSpec = SPEC) -> tuple[np.ndarray, np.ndarray]:
    """Of several people: the maximum of their confidences (equation 7), the mean of their fields (equation 9)."""
    drawn = [draw_maps(torch.from_numpy(each)[None], spec, SIZE) for each in people]
    empty = draw_maps(torch.zeros(1, len(JOINTS), 3), spec, SIZE)
    confidence = np.max([empty.confidence[0].numpy(), *(each.confidence[0].numpy() for each in drawn)], axis=0)
    fields = np.stack([empty.affinity[0].numpy(), *(each.affinity[0].numpy() for each in drawn)])
    vectors = fields.reshape(len(fields), -1, 2, *SIZE)
    count = (vectors != 0).any(axis=2, keepdims=True).sum(axis=0)
    return confidence[: len(spec.joints)], (vectors.sum(axis=0) / np.maximum(count, 1)).reshape(-1, *SIZE)


def same(found: np.ndarray, people: list[np.ndarray], *, cells: float = 0.3) -> None:
    """Every person is found once, with every joint, and nobody else is."""
    assert len(found) == len(people)
    left = list(range(len(found)))
    for each in people:
        true = each[list(indices(SPEC.joints))]
        known = true[:, 2] > 0
        away = [np.abs((found[index, known, :2] - true[known, :2]) * (SIZE[1], SIZE[0])).max() for index in left]
        best = int(np.argmin(away))
        assert away[best] < cells
        assert ((found[left[best], :, 2] > 0) == known).all()
        del left[best]


def test_everybody_is_found_with_every_joint() -> None:
    people = [person(0.12, 0.1, 0.8), person(0.38, 0.05, 0.9), person(0.63, 0.3, 0.6), person(0.87, 0.12, 0.75)]
    same(assemble(*maps(*people), RULE), people)


def test_people_who_cross_are_kept_apart() -> None:
    """Two who overlap by half, and a third whose arm crosses both."""
    people = [person(0.4, 0.1, 0.8), person(0.5, 0.16, 0.7)]
    reaching = person(0.75, 0.2, 0.7)
    reaching[JOINTS.index("right_elbow"), :2] = (0.6, 0.4)
    reaching[JOINTS.index("right_wrist"), :2] = (0.46, 0.33)
    people.append(reaching)
    same(assemble(*maps(*people), RULE), people)


def test_a_hidden_joint_is_not_found_and_the_others_are() -> None:
    people = [person(0.2, 0.1, 0.8, without=("left_wrist",)), person(0.7, 0.1, 0.8, without=("head_top", "right_ankle"))]
    same(assemble(*maps(*people), RULE), people)


def test_a_joint_between_others_that_is_hidden_leaves_what_still_hangs_together() -> None:
    """Without a knee the ankle hangs on nothing: it is nobody."""
    found = assemble(*maps(person(0.5, 0.1, 0.8, without=("left_knee",))), RULE)
    same(found, [person(0.5, 0.1, 0.8, without=("left_knee", "left_ankle"))])


def test_nobody_is_nobody() -> None:
    found = assemble(*maps(), RULE)
    assert found.shape == (0, 14, 3)
    assert found.dtype == np.float32


def test_the_surest_person_comes_first() -> None:
    confidence, affinity = maps(person(0.2, 0.1, 0.8), person(0.7, 0.1, 0.8))
    confidence[:, :, 45:] *= 0.6
    found = assemble(confidence, affinity, RULE)
    assert found[0, :, 0].mean() < 0.5 < found[1, :, 0].mean()
    assert found[1, :, 2].max() <= 0.6


def test_redundant_limbs_agree() -> None:
    """OpenPose's 19 limbs have two rings: shoulder to ear, beside the way over the nose."""
    people = []
    for x in (0.25, 0.7):
        each = person(x, 0.1, 0.8)
        face = {"nose": (0, 0.08), "right_eye": (-0.025, 0.06), "left_eye": (0.025, 0.06), "right_ear": (-0.05, 0.07)}
        for name, (across, down) in (*face.items(), ("left_ear", (0.05, 0.07))):
            each[JOINTS.index(name)] = (x + across * 0.8, 0.1 + down * 0.8, 1)
        people.append(each)
    spec = PAPER_MAPS.model_copy(update={"spread": 0.8})
    found = assemble(*maps(*people, spec=spec), AssemblyRule(spec.joints, spec.drawn_limbs))
    assert found.shape == (2, 18, 3)
    assert (found[..., 2] > 0).all()


def test_peaks_are_finer_than_cells_and_noise_is_none() -> None:
    rows, columns = np.mgrid[:20, :30].astype(np.float32)
    bell = np.exp(-((columns - 7.3) ** 2 + (rows - 4.8) ** 2) / 1.5**2) + 0.05 * np.exp(
        -((columns - 25) ** 2 + (rows - 15) ** 2)
    )
    found = find_peaks(bell.astype(np.float32), threshold=0.1)
    np.testing.assert_allclose(found.xy, [[7.3, 4.8]], atol=1e-3)
    assert len(find_peaks(bell.astype(np.float32), threshold=0.01)) == 2
    flat = np.zeros((5, 5), np.float32)
    flat[2, 2] = flat[2, 3] = 0.7
    assert len(find_peaks(flat, threshold=0.1)) == 1, "two equal neighbours are one peak"
    corner = np.zeros((5, 5), np.float32)
    corner[0, 0] = 1
    assert find_peaks(corner, threshold=0.1).xy.shape == (1, 2)


def test_a_limb_is_scored_by_the_field_along_it() -> None:
    field = np.zeros((2, 10, 20), np.float32)
    field[0, 5] = 0.8  # to the right, on one row
    left = Peaks(np.array([[2, 5], [2, 8]], np.float32), np.ones(2, np.float32))
    right = Peaks(np.array([[12, 5]], np.float32), np.ones(1, np.float32))
    np.testing.assert_allclose(limb_scores(left, right, field, followed=0.8), [[0.8], [0.0]], atol=1e-6)
    np.testing.assert_allclose(limb_scores(right, left, field, followed=0.8)[0, 0], 0, atol=1e-6)
    none = Peaks(np.zeros((0, 2), np.float32), np.zeros(0, np.float32))
    assert limb_scores(none, right, field, followed=0.8).shape == (0, 1)
    assert matched(np.zeros((0, 1), np.float32)) == []


def test_matching_takes_the_best_pair_first() -> None:
    scores = np.array([[0.9, 0.8], [0.85, 0.1], [0.0, 0.0]], np.float32)
    assert [(match.start, match.end) for match in matched(scores)] == [(0, 0), (1, 1)]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="different names"):
        AssemblyRule(("neck", "neck"), ())
    with pytest.raises(ValueError, match="limbs between"):
        AssemblyRule(("neck", "nose"), (("neck", "left_ear"),))
    with pytest.raises(ValueError, match="affinity maps"):
        assemble(np.zeros((14, 5, 5), np.float32), np.zeros((3, 5, 5), np.float32), RULE)
