"""The models that ship, on real video through the real command line: what a newcomer gets without any model of his own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from support.invariants import assert_exactly_once
from support.real_cameras import HE_IS_ALONE_UNTIL, HIS_LEAST_HEIGHT_PX, RealCameras, real_cameras

from benchmarks.street_run import score
from sightline.models.selection import select_models

pytestmark = [pytest.mark.stack, pytest.mark.shared, pytest.mark.timeout(1200)]

STREET_FRAMES = 300


@pytest.fixture(scope="module")
def cameras(shared_dir: Path) -> Iterator[RealCameras]:
    with real_cameras(shared_dir, street_frames=STREET_FRAMES) as cameras:
        yield cameras


def test_every_frame_is_seen_with_the_shipped_models(cameras: RealCameras) -> None:
    assert_exactly_once(cameras.ledger)
    models = select_models(cameras.settings)
    assert models.pose is not None
    assert all("model_repository" in str(model.folder) for model in (models.detector, models.pose, models.embedder))
    sightings = cameras.ledger.sightings
    assert all(one.keypoints is not None for one in sightings), "the pose was never gone without"
    assert all(one.attributes for one in sightings)


def test_the_man_of_room_b_is_found_in_room_a(cameras: RealCameras) -> None:
    where = {"crop": "true", "camera": ["room-a", "street"], "k": "10"}
    url, files = f"{cameras.settings.serving.url}/v1/search", {"image": ("man.png", cameras.man_of_room_b())}
    answer = httpx.post(url, files=files, data=where, timeout=60).raise_for_status().json()
    assert {match["camera"] for match in answer["matches"]} == {"room-a"}, "somebody of the street came before him"
    first = answer["matches"][0]
    assert first["box"][3] > HIS_LEAST_HEIGHT_PX or datetime.fromisoformat(first["time"]) < HE_IS_ALONE_UNTIL


def test_people_of_the_street_are_found_by_crops_of_other_cameras(cameras: RealCameras) -> None:
    """Printed; far below it the test fails."""
    street = cameras.sightings("street")
    [scored] = score(cameras.settings, street, cameras.street, least_scores=(0.0,))
    recall, ranking = scored.recall, scored.ranking
    print(
        f"\nstreet camera: rank-1 {ranking.cmc[0]:.3f}, mAP {ranking.mean_ap:.3f} ({ranking.queries} queries, "
        f"{len(street)} sightings); {recall.found} of {recall.people} people found"
    )
    assert recall.rate > 0.85
    assert ranking.cmc[0] > 0.6
    assert ranking.mean_ap > 0.5
