"""The canonical skeleton."""

from __future__ import annotations

import pytest

from sightline.skeleton import FLIP, JOINTS, LIMBS, indices, mirrored


def test_a_flip_is_its_own_inverse_and_keeps_the_middle() -> None:
    assert [FLIP[FLIP[joint]] for joint in range(len(JOINTS))] == list(range(len(JOINTS)))
    assert {joint for joint in JOINTS if mirrored(joint) == joint} == {"head_top", "neck", "nose"}


def test_limbs_join_joints() -> None:
    assert {joint for limb in LIMBS for joint in limb} == set(JOINTS)


def test_subsets_are_named() -> None:
    assert indices(["neck", "head_top"]) == (1, 0)
    with pytest.raises(ValueError, match="tail"):
        indices(["tail"])
