"""The street camera as a baseline: rank-1, mAP and detection recall of the whole product, with the models that it is given.

``python -m benchmarks.street_baseline [--quick]``. 700 frames of Market-1501's camera 6 go through real Kafka, Triton and
actors; crops of the same people from cameras 1 to 5 query its sightings. The end-to-end test asks the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.arguments import output_folder, parser, shared
from benchmarks.machine import machine_facts
from benchmarks.product import running
from benchmarks.real_frames import install_yardsticks
from benchmarks.reporting import Cell, Report, Table
from benchmarks.street_camera import unpack_frames
from benchmarks.street_run import Scored, score, street_sightings
from sightline.models.selection import select_models

LEAST_SCORES = (0.1, 0.3, 0.5, 0.7)
"""Galleries of the detections of at least these scores: fainter ones bring more people, and more wrong answers."""
QUICK_FRAMES = 60


def main() -> None:
    """Run it and write the table."""
    arguments = parser(__doc__).parse_args()
    facts = machine_facts()
    with tempfile.TemporaryDirectory(prefix="sl-street-") as folder, running(install=install_yardsticks) as product:
        frames = unpack_frames(shared("data", "street_camera", "camera6.tar"), Path(folder))
        for unused in frames[QUICK_FRAMES:] if arguments.quick else []:
            unused.unlink()
        settings = product.run(stream={"mode": "replay", "sample": "all"})
        sightings = street_sightings(settings, Path(folder))
        scored = score(settings, sightings, frames, least_scores=LEAST_SCORES)
        models = select_models(settings).names
    _report(scored, models, facts).publish(output_folder(arguments))


def _report(scored: Sequence[Scored], models: Sequence[str], facts: Mapping[str, Cell]) -> Report:
    columns = ("detections from score", "sightings", "recall", "rank-1", "rank-5", "rank-10", "mAP", "queries")
    rows = tuple(
        (
            one.least_score,
            one.sightings,
            one.recall.rate,
            *(float(one.ranking.cmc[rank - 1]) for rank in (1, 5, 10)),
            one.ranking.mean_ap,
            one.ranking.queries,
        )
        for one in scored
    )
    every = scored[0]
    return Report(
        name="street_baseline",
        title="Finding people of a street camera by crops of other cameras",
        method=(
            f"Market-1501's camera 6, a frame a second, published to Kafka and seen by {', '.join(models)} with every "
            "detection kept that a track took (`stream.sample=all`). A sighting is the person whose box it overlaps by an "
            "IoU of 0.5: people whom the data do not name are left out, boxes of nobody are wrong answers. Queries are crops "
            "of cameras 1 to 5; recall is the part of all boxes of the ground truth that a sighting overlaps. No re-ranking."
        ),
        tables=(Table("By the least detection score", columns, rows),),
        machine=facts,
        notes=(
            "Each row has a gallery of its own: a person who is not detected is no missing answer there, so read rank-1 and "
            "mAP together with the recall.",
        ),
        figures={"rank1": float(every.ranking.cmc[0]), "mean_ap": every.ranking.mean_ap, "recall": every.recall.rate},
    )


if __name__ == "__main__":
    main()
