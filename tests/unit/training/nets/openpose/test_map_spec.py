"""Which maps a pose net predicts."""

import pytest
from pydantic import ValidationError

from sightline.skeleton import JOINTS
from training.nets.openpose.map_spec import MARKET_JOINTS, PAPER_MAPS, MapSpec


def test_the_papers_net_has_19_confidence_maps_and_38_affinity_fields() -> None:
    assert (PAPER_MAPS.confidence_maps, PAPER_MAPS.affinity_fields) == (19, 38)
    assert len(set(PAPER_MAPS.drawn_limbs)) == 19


def test_market_has_14_joints_and_the_13_limbs_between_them() -> None:
    spec = MapSpec()
    assert spec.joints == MARKET_JOINTS
    assert (spec.confidence_maps, spec.affinity_fields) == (15, 26)
    assert {joint for limb in spec.drawn_limbs for joint in limb} == set(MARKET_JOINTS)


def test_the_whole_skeleton_without_background() -> None:
    spec = MapSpec(joints=JOINTS, background=False)
    assert (spec.confidence_maps, spec.affinity_fields) == (19, 36)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"joints": ("neck", "tail")}, "tail"),
        ({"joints": ("neck", "nose", "neck")}, "every joint once"),
        ({"joints": ("neck", "nose"), "limbs": (("neck", "left_hip"),)}, "left_hip"),
        ({"joints": ("left_ankle", "right_ankle")}, "that a limb joins"),
        ({"spread": 0.0}, "greater than 0"),
    ],
)
def test_a_contradiction_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        MapSpec.model_validate(values)
