"""The canonical skeleton: 19 joints, their left-right pairs and limbs.

Data sets and models name the subset that they have, in their own order; ``indices`` maps it onto this one.
"""

from __future__ import annotations

from collections.abc import Sequence

JOINTS: tuple[str, ...] = (
    "head_top", "neck",
    "right_shoulder", "right_elbow", "right_wrist",
    "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle",
    "left_hip", "left_knee", "left_ankle",
    "nose", "right_eye", "left_eye", "right_ear", "left_ear",
)  # fmt: skip
"""The first 14 are the order of Market-1501's machine-made key points (CPM); then the face."""

LIMBS: tuple[tuple[str, str], ...] = (
    ("head_top", "neck"),
    ("neck", "right_shoulder"), ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"),
    ("neck", "left_shoulder"), ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
    ("neck", "right_hip"), ("right_hip", "right_knee"), ("right_knee", "right_ankle"),
    ("neck", "left_hip"), ("left_hip", "left_knee"), ("left_knee", "left_ankle"),
    ("neck", "nose"), ("nose", "right_eye"), ("right_eye", "right_ear"), ("nose", "left_eye"), ("left_eye", "left_ear"),
)  # fmt: skip


def mirrored(joint: str) -> str:
    """The joint that a joint becomes when the picture is flipped left to right."""
    side, _, rest = joint.partition("_")
    return {"left": f"right_{rest}", "right": f"left_{rest}"}.get(side, joint)


FLIP: tuple[int, ...] = tuple(JOINTS.index(mirrored(joint)) for joint in JOINTS)
"""``keypoints[FLIP]`` renames left and right after a flip; its own inverse."""


def indices(names: Sequence[str]) -> tuple[int, ...]:
    """Where each named joint stands in :data:`JOINTS`.

    Raises:
        ValueError: a name is not a joint of the canonical skeleton.
    """
    unknown = [name for name in names if name not in JOINTS]
    if unknown:
        raise ValueError(f"expected joints among {', '.join(JOINTS)}; got {', '.join(unknown)}")
    return tuple(JOINTS.index(name) for name in names)
