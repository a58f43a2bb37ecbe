"""What speaks for a match beside its score: which parts of the body both show, and which attributes agree."""

from __future__ import annotations

from serving.queries import Known
from serving.schemas import AttributeEvidence, EvidenceOut, PartEvidence
from sightline.attributes import distributions, likeliest
from sightline.stages.visibility import surfaces_seen
from sightline.types import Sighting

SEEN = 0.25
"""So much of a part, of what a whole person shows of it, must be visible to count as seen."""


def evidence_for(known: Known, match: Sighting) -> EvidenceOut | None:
    """The evidence; None where of one of the two neither parts nor attributes are known."""
    parts, attributes = _parts(known, match), _attributes(known, match)
    if parts is None and not attributes:
        return None
    return EvidenceOut(parts=parts or [], attributes=attributes)


def _parts(known: Known, match: Sighting) -> list[PartEvidence] | None:
    """None where one is not known; the best seen first."""
    if known.visibility is None or match.visibility is None:
        return None
    theirs = surfaces_seen(match.visibility)
    both = [
        PartEvidence(part=part, visible_query=round(seen, 3), visible_match=round(theirs[part], 3))
        for part, seen in surfaces_seen(known.visibility).items()
        if min(seen, theirs[part]) >= SEEN
    ]
    return sorted(both, key=lambda part: -min(part.visible_query, part.visible_match))


def _attributes(known: Known, match: Sighting) -> list[AttributeEvidence]:
    theirs, their_best = distributions(match.attributes), likeliest(match.attributes)
    told = [
        AttributeEvidence(
            name=name,
            value=value,
            query=round(probability, 4),
            match=round(theirs[name].get(value, 0.0), 4),
            agree=name in their_best and their_best[name][0] == value,
        )
        for name, (value, probability) in likeliest(known.attributes).items()
        if name in theirs
    ]
    return sorted(told, key=lambda attribute: -attribute.query)
