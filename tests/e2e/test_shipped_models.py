"""The models that ship, on real video through the real command line: what a newcomer gets without any model of his own.

Prometheus watches: what its rules, our runbook and every panel of the dashboards ask has answers. One stack for both, since
starting it costs minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.invariants import assert_exactly_once
from support.processes import until
from support.promql import query, unanswered
from support.real_cameras import HE_IS_ALONE_UNTIL, HIS_LEAST_HEIGHT_PX, RealCameras, real_cameras
from support.watching import advised, alerted, recorded, shown

from benchmarks.street_run import score
from infra.local.records import read_records
from sightline.models.selection import select_models
from sightline.operations.figures import FIGURES

pytestmark = [pytest.mark.stack, pytest.mark.shared, pytest.mark.timeout(1200)]

STREET_FRAMES = 300
SINCE_S = 1200.0

NOTHING_OF_THE_KIND = {
    "sum by (camera, reason) (rate(sightline_shed_frames_total[5m]))": "a replay sheds nothing",
    "sum by (stage, reason) (rate(sightline_degraded_frames_total[5m]))": "a replay waits for every stage",
    "sum by (service) (rate(sightline_writer_retries_total[5m]))": "Milvus never failed",
    "up == 0": "all is up",
    'sum by (reason) (rate(sightline_shed_frames_total{camera=~".*"}[1m]))': "a replay sheds nothing",
    "sum by (stage, reason) (rate(sightline_degraded_frames_total[1m]))": "a replay waits for every stage",
    "sum by (stage, reason) (rate(sightline_degraded_questions_total[1m]))": "every stage answered the questions",
    "sum by (service) (increase(sightline_retries_total[5m]))": "no server failed",
    "sum by (service) (increase(sightline_writer_retries_total[5m]))": "Milvus never failed",
    "max by (gpu_uuid) (nv_gpu_utilization)": "no GPU",
    "max by (gpu_uuid) (nv_gpu_memory_used_bytes / nv_gpu_memory_total_bytes)": "no GPU",
    'max by (ip) (ray_node_gpus_utilization{ip=~".*"})': "no GPU",
    'max by (instance) (sightline_training_step{instance=~".*"})': "no training runs",
    'max by (instance, phase) (sightline_training_epoch{instance=~".*"})': "no training runs",
    'max by (instance) (sightline_training_pictures_per_second{instance=~".*"})': "no training runs",
    'max by (instance, term) (sightline_training_loss{instance=~".*"})': "no training runs",
    'max by (instance, figure) (sightline_training_validation{instance=~".*"})': "no training runs",
    'max by (instance) (sightline_training_learning_rate{instance=~".*"})': "no training runs",
}
"""Queries that have no answer here, and why."""


@pytest.fixture(scope="module")
def cameras(shared_dir: Path) -> Iterator[RealCameras]:
    with real_cameras(shared_dir, street_frames=STREET_FRAMES, metrics=True) as cameras:
        yield cameras


def test_every_frame_is_seen_with_the_shipped_models(cameras: RealCameras) -> None:
    assert_exactly_once(cameras.ledger)
    models = select_models(cameras.settings)
    assert models.pose is not None
    assert all("model_repository" in str(model.folder) for model in (models.detector, models.pose, models.embedder))
    sightings = cameras.ledger.sightings
    assert all(one.keypoints is not None for one in sightings), "the pose was never gone without"
    assert all(one.attributes for one in sightings)


def _who_is_the_man(cameras: RealCameras) -> list[dict[str, Any]]:
    """Matches of the man of room B elsewhere."""
    where = {"crop": "true", "camera": ["room-a", "street"], "k": "10"}
    url, files = f"{cameras.settings.serving.url}/v1/search", {"image": ("man.png", cameras.man_of_room_b())}
    matches: list[dict[str, Any]] = httpx.post(url, files=files, data=where, timeout=60).raise_for_status().json()["matches"]
    return matches


def test_the_man_of_room_b_is_found_in_room_a(cameras: RealCameras) -> None:
    matches = _who_is_the_man(cameras)
    assert {match["camera"] for match in matches} == {"room-a"}, "somebody of the street came before him"
    first = matches[0]
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


def test_what_rules_runbook_and_dashboards_ask_has_answers(cameras: RealCameras) -> None:
    url = read_records(cameras.commands.folder / "state")["prometheus"].url
    asked = [*recorded(), *alerted(), *advised(), *shown()]
    assert NOTHING_OF_THE_KIND.keys() <= set(asked)
    missing: dict[str, str] = {}

    def all_answered() -> bool:
        _who_is_the_man(cameras)  # again and again: a histogram that begins with one question has no rate
        missing.clear()
        found = unanswered(url, [each for each in asked if each not in NOTHING_OF_THE_KIND], over_s=SINCE_S)
        missing.update(found)
        return not found

    try:
        until(all_answered, timeout_s=90, what="answers", every_s=5)
    finally:
        print(f"\n{len(asked)} queries, unanswered: {missing}")


def test_nobody_is_called_while_all_is_well(cameras: RealCameras) -> None:
    url = read_records(cameras.commands.folder / "state")["prometheus"].url
    firing = {labels["alertname"] for labels, _ in query(url, 'ALERTS{alertstate="firing"}', over_s=SINCE_S)}
    replay = {"SightlineSearchableFastBurn", "SightlineSearchableSlowBurn", "SightlineTritonQueueLong"}
    assert firing <= replay, "but that old recordings are late by months, and that models are kept as busy as can be"


def test_the_overview_says_the_same_everywhere(cameras: RealCameras) -> None:
    """After the test above, whose questions gave every figure a value."""
    told = cameras.commands.json("status")["overview"]
    page = httpx.get(f"{cameras.settings.serving.url}/v1/operations", timeout=60).raise_for_status().json()
    assert set(told["figures"]) == {figure["key"] for figure in page["figures"]} == {figure.key for figure in FIGURES}
    assert {alert["name"] for alert in told["alerts"]} == {alert["name"] for alert in page["alerts"]}
    for figure in page["figures"]:
        assert any(value is not None for value in figure["history"]), f"{figure['key']} never had a value"
    now = {key: figure["value"] for key, figure in told["figures"].items()}
    assert (now["down"], now["hosts"], now["dead_letters"]) == (0, 1, 0)
    assert now["lag_frames"] == 0
