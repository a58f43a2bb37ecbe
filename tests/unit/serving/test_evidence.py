"""Evidence: which parts and attributes agree, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from serving.evidence import evidence_for
from serving.queries import Known
from sightline.body_model.parts import PARTS
from sightline.stages.visibility import WHOLE
from sightline.types import Sighting


def sighting(**changes: object) -> Sighting:
    fields: dict[str, object] = {
        "sighting_id": "s", "camera": "c", "frame_id": "f", "captured_at_us": 0, "track": "c/t", "box_xywh": (0, 0, 1, 1),
        "score": 1, "quality": 1, "embedding": np.ones(1, np.float32), "space": "space",
    }  # fmt: skip
    return Sighting(**(fields | changes))


def showing(**parts: float) -> np.ndarray:
    """Visibility where so much of these parts is seen, 1 = as of somebody whole."""
    visibility = np.zeros(24, np.float32)
    for name, seen in parts.items():
        region = name.removeprefix("left_").removeprefix("right_").removesuffix("_front").removesuffix("_back")
        visibility[PARTS.index(name) - 1] = seen * WHOLE[region]
    return visibility


def test_parts_that_both_show_best_first() -> None:
    query = Known({}, showing(torso_front=0.9, right_head=0.5, left_head=0.5, left_foot=0.1, right_hand=2))
    match = sighting(visibility=showing(torso_front=0.5, left_head=0.8, left_foot=1.0, torso_back=1))
    evidence = evidence_for(query, match)
    assert evidence is not None
    assert [part.part for part in evidence.parts] == ["head", "torso_front"]
    assert evidence.parts[0].visible_query == pytest.approx(1.0, abs=0.01)
    assert evidence.parts[0].visible_match == pytest.approx(0.8, abs=0.01)
    assert evidence.attributes == []


def test_attributes_that_both_tell_the_surest_first() -> None:
    query = Known(
        {"upper_colour:red": 0.6, "upper_colour:blue": 0.3, "backpack:yes": 0.9, "hat:yes": 0.2, "gender:female": 0.7}
    )
    match = sighting(attributes={"upper_colour:red": 0.2, "upper_colour:blue": 0.7, "backpack:yes": 0.8, "hat:yes": 0.1})
    evidence = evidence_for(query, match)
    assert evidence is not None
    assert [one.model_dump() for one in evidence.attributes] == [
        {"name": "backpack", "value": "yes", "query": 0.9, "match": 0.8, "agree": True},
        {"name": "hat", "value": "no", "query": 0.8, "match": 0.9, "agree": True},
        {"name": "upper_colour", "value": "red", "query": 0.6, "match": 0.2, "agree": False},
    ]
    assert evidence.parts == []


@pytest.mark.parametrize("known", [Known(), Known({}, showing(torso_front=1)), Known({"hat:yes": 1.0})])
def test_nothing_to_compare_is_no_evidence(known: Known) -> None:
    assert evidence_for(known, sighting()) is None


def test_nothing_seen_of_both_is_evidence_of_nothing() -> None:
    evidence = evidence_for(Known({}, showing(torso_front=1)), sighting(visibility=showing(torso_back=1)))
    assert evidence is not None
    assert evidence.parts == []
