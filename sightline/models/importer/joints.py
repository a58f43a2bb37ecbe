"""Which joint each row of a pose net is, and where it stands in our skeleton."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.models.importer.source import SourceModel
from sightline.skeleton import JOINTS

COCO = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
"""The 17 joints of COCO, in its order: what RTMPose, HRNet and MoveNet are trained on unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class JointOrder:
    """From a net's joints to ours.

    Attributes:
        names: of the canonical skeleton, in its order; those that the net has.
        rows: where each of them stands among the net's.
    """

    names: tuple[str, ...]
    rows: tuple[int, ...]

    @property
    def absent(self) -> tuple[str, ...]:
        """Joints of the canonical skeleton that the net does not have."""
        return tuple(joint for joint in JOINTS if joint not in self.names)


def joint_order(source: SourceModel, count: int, named: Sequence[str]) -> JointOrder:
    """The order of a net with ``count`` joints.

    Args:
        source: the file, for messages.
        count: as its outputs have it.
        named: their names as the user gave them; empty = COCO's. Names that our skeleton does not have are left out.

    Raises:
        ModelError: there are not as many names, one comes twice, or our skeleton has none of them.
    """
    names = tuple(named) or COCO
    if len(names) != count:
        whose = "that --joints names" if named else "of COCO (name them: --joints nose,left_eye,…)"
        raise source.refuse(f"the {len(names)} joints {whose}, not {count}")
    ours = tuple(joint for joint in JOINTS if joint in names)
    if not ours or len(set(names)) < len(names):
        raise source.refuse(f"different joints, some of them among {', '.join(JOINTS)}, not {', '.join(names)}")
    return JointOrder(ours, tuple(names.index(joint) for joint in ours))
