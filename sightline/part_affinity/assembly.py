"""From candidates of joints and limbs to whole people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sightline.part_affinity.limbs import limb_scores, matched
from sightline.part_affinity.peaks import Peaks, find_peaks
from sightline.types import Float32Array


@dataclass(frozen=True, slots=True)
class AssemblyRule:
    """What makes a person.

    Attributes:
        joints: names, in the order of the confidence maps.
        limbs: pairs of those names, in the order of the affinity fields.
        peak: the least value of a map that may be a joint.
        followed: the least part of a limb's line that must follow its field.
        least_joints: people of fewer are noise.

    Raises:
        ValueError: a limb joins what is no joint, or there are joints of one name.
    """

    joints: tuple[str, ...]
    limbs: tuple[tuple[str, str], ...]
    peak: float = 0.1
    followed: float = 0.8
    least_joints: int = 3

    def __post_init__(self) -> None:
        if len(set(self.joints)) < len(self.joints):
            raise ValueError(f"expected joints of different names, got {', '.join(self.joints)}")
        loose = [limb for limb in self.limbs if not set(limb) <= set(self.joints)]
        if loose:
            raise ValueError(f"expected limbs between {', '.join(self.joints)}; got {loose}")

    @property
    def ends(self) -> tuple[tuple[int, int], ...]:
        """Where the joints of each limb stand among the joints."""
        return tuple((self.joints.index(start), self.joints.index(end)) for start, end in self.limbs)


def assemble(confidence: Float32Array, affinity: Float32Array, rule: AssemblyRule) -> Float32Array:
    """The people on a picture, out of a pose net's maps of it.

    Each limb is matched by itself, greedily; limbs that share a candidate belong to one person. A limb that would give a person
    a second joint of a name is left out: those that come first in the rule are believed.

    Args:
        confidence: float32 (C, h, w), a map a joint; further ones (the background) are not looked at.
        affinity: float32 (2 L, h, w): x and y of each limb's field.
        rule: which maps they are.

    Returns:
        float32 (P, J, 3): x, y in [0, 1] of the picture, and the map's value, which is at most 1; 0 = not found. The surest
        person first; P may be 0.

    Raises:
        ValueError: there are not the maps that the rule says.
    """
    if len(confidence) < len(rule.joints) or len(affinity) != 2 * len(rule.limbs):
        raise ValueError(
            f"expected {len(rule.joints)} confidence maps or more and {2 * len(rule.limbs)} affinity maps, "
            f"got {len(confidence)} and {len(affinity)}"
        )
    candidates = [find_peaks(map_, threshold=rule.peak) for map_ in confidence[: len(rule.joints)]]
    people = _People()
    for (first, second), limb in zip(rule.ends, affinity.reshape(len(rule.limbs), 2, *affinity.shape[1:]), strict=True):
        scores = limb_scores(candidates[first], candidates[second], limb, followed=rule.followed)
        for match in matched(scores):
            people.join((first, match.start), (second, match.end))
    found = [person for person in people.everyone if len(person) >= rule.least_joints]
    return _as_array(found, candidates, (confidence.shape[1], confidence.shape[2]))


Candidate = tuple[int, int]
"""Which joint, and which of its peaks."""


@dataclass(slots=True)
class _People:
    """People as they grow: joint -> peak, each."""

    everyone: list[dict[int, int]] = field(default_factory=list)

    def join(self, first: Candidate, second: Candidate) -> None:
        """These two are of one person, if nothing speaks against it."""
        holders = [person for person in self.everyone if _has(person, first) or _has(person, second)]
        together = dict([first, second])
        for person in holders:
            if any(together.get(joint, peak) != peak for joint, peak in person.items()):
                return
            together |= person
        # By identity: two people of the same peaks are not the same person.
        self.everyone = [person for person in self.everyone if not any(person is holder for holder in holders)]
        self.everyone.append(together)


def _has(person: dict[int, int], candidate: Candidate) -> bool:
    joint, peak = candidate
    return person.get(joint) == peak


def _as_array(people: Sequence[dict[int, int]], candidates: Sequence[Peaks], size_hw: tuple[int, int]) -> Float32Array:
    out = np.zeros((len(people), len(candidates), 3), np.float32)
    for person, joints in zip(out, people, strict=True):
        for joint, peak in joints.items():
            person[joint, :2] = (candidates[joint].xy[peak] + 0.5) / (size_hw[1], size_hw[0])
            person[joint, 2] = min(1.0, candidates[joint].scores[peak])
    return out[np.argsort(-out[..., 2].sum(axis=1), kind="stable")]
