"""How the demo scores itself, against an API that answers from a table."""

from __future__ import annotations

import json

import httpx
import numpy as np
import pytest

from sightline.cameras.synthetic.world import World
from sightline.cli.demo_cameras import affordable_fps
from sightline.cli.demo_score import Scorer
from sightline.cli.demo_truth import TruthStore
from sightline.cli.questions_client import QuestionsClient
from sightline.settings import load_settings
from sightline.types import to_datetime

SECOND_US = 1_000_000


class Api:
    """Lists sightings two a page, and gives the same best match to every question."""

    def __init__(self, sightings: list[dict[str, object]], best: str) -> None:
        self._sightings = sightings
        self._best = best
        self.asked: list[dict[str, object]] = []
        self.away = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            return httpx.Response(503, json={"detail": "away"}, headers={"content-type": "application/problem+json"})
        if request.url.path == "/v1/search":
            self.asked.append(json.loads(request.content))
            return httpx.Response(200, json={"matches": [{"sighting_id": self._best}]})
        begin = int(request.url.params.get("cursor", "0"))
        more = begin + 2 < len(self._sightings)
        page = self._sightings[begin : begin + 2]
        return httpx.Response(200, json={"sightings": page, "next_cursor": str(begin + 2) if more else None})

    @property
    def client(self) -> QuestionsClient:
        return QuestionsClient(load_settings(serving={"url": "http://api"}), transport=httpx.MockTransport(self))


@pytest.fixture(scope="module")
def frames() -> tuple[object, object]:
    """What two cameras of one world see at the same time."""
    views = World(0, cameras=2, pids=range(1, 12), size_wh=(160, 128)).views
    return views[0].frame(SECOND_US).truth, views[1].frame(2 * SECOND_US).truth


def sighting(name: str, truth, row: int) -> dict[str, object]:
    return {
        "sighting_id": name,
        "camera": truth.camera,
        "frame_id": f"0-{truth.captured_at_us}",
        "time": to_datetime(truth.captured_at_us).isoformat(),
        "track": f"{truth.camera}/{row}",
        "box": truth.boxes_xywh[row].tolist(),
        "quality": 0.5,
    }


def store(*truths, keep_s: float = 600.0) -> TruthStore:
    made = TruthStore(keep_s=keep_s)
    for truth in truths:
        made.append(truth, f"0-{truth.captured_at_us}")
    return made


def renamed(truth, pid: int):
    """The truth, with this person in its first row."""
    pids = truth.pids.copy()
    pids[0] = pid
    return type(truth)(**{name: getattr(truth, name) for name in truth.__dataclass_fields__} | {"pids": pids})


def test_rank_1_is_that_of_the_products_own_answers(frames) -> None:
    first, second = frames[0], renamed(frames[1], int(frames[0].pids[0]))
    api = Api([sighting("a", first, 0), sighting("b", second, 0), sighting("x", second, 1)], best="b")
    scorer = Scorer(api.client, [first.camera, second.camera], store(first, second), start_us=0)
    assert scorer.score(most_queries=9)
    assert scorer.last is not None
    # The first camera's query finds "b", who is the same person; that of the second is told "b" too, which is itself.
    document = scorer.last.document()
    assert document["cross_camera_queries"] == 2
    assert document["sightings_on_people"] == 3
    assert [question["camera"] for question in api.asked] == [[first.camera], [second.camera]]
    assert all(question["k"] == 1 for question in api.asked)
    assert "of 2 queries" in scorer.last.describe()


def test_an_api_that_is_away_leaves_the_last_score(frames) -> None:
    api = Api([sighting("a", frames[0], 0)], best="a")
    scorer = Scorer(api.client, [frames[0].camera], store(frames[0]), start_us=0)
    assert scorer.score(most_queries=9)
    before = scorer.last
    api.away = True
    assert not scorer.score(most_queries=9)
    assert scorer.last is before
    assert before is not None
    assert before.document()["cross_camera_rank1"] is None
    assert "nobody yet by two cameras" in before.describe()


def test_only_so_much_truth_is_kept(frames) -> None:
    kept = store(frames[0], frames[1], keep_s=0.5)
    assert [key[1] for key in kept.frames()] == ["0-2000000"]
    [frame] = kept.frames().values()
    np.testing.assert_allclose(frame.boxes_xyxy[:, :2], frames[1].boxes_xywh[:, :2])


def test_what_a_machine_can_bear() -> None:
    assert affordable_fps(4, cores=2) == 1.25
    assert affordable_fps(4, cores=64) == 5.0
    assert affordable_fps(64, cores=1) == 0.5
