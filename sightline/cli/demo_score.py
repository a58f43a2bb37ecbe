"""How well the demo finds people again, by its own HTTP API and the truth of the synthetic cameras."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sightline.cli.demo_truth import TruthStore
from sightline.cli.questions_client import QuestionsClient
from sightline.errors import InputError, ServiceError
from sightline.evaluation.cross_camera import CrossCameraScore, cross_camera_queries, score_cross_camera
from sightline.evaluation.stream_sightings import Seen, named
from sightline.types import to_datetime, to_us

MOST_SIGHTINGS = 5000
_FIRST_S, _EVERY_S = 15.0, 10.0
_LIVE_QUERIES = 12
"""A live score's; each costs the stream a little of what it works with."""


@dataclass(frozen=True, slots=True)
class DemoScore:
    """What was found out.

    Attributes:
        people: how many different people were seen, by the truth.
        sightings: that were looked at; ``of_people`` of them lie on somebody.
        found_again: rank-1 across cameras, by queries to the API.
    """

    people: int
    sightings: int
    of_people: int
    found_again: CrossCameraScore

    def document(self) -> dict[str, Any]:
        """For JSON; rank-1 is null where nobody could be asked for."""
        asked = self.found_again.queries
        return {
            "people": self.people,
            "sightings_scored": self.sightings,
            "sightings_on_people": self.of_people,
            "cross_camera_queries": asked,
            "cross_camera_rank1": self.found_again.rank1 if asked else None,
        }

    def describe(self) -> str:
        """A line for people."""
        asked = self.found_again.queries
        seen = f"{self.people} people seen"
        if not asked:
            return f"{seen}; nobody yet by two cameras"
        return f"{seen}; found again by another camera (rank-1): {100 * self.found_again.rank1:.0f} % of {asked} queries"


class Scorer:
    """Scores the synthetic cameras of a running demo.

    Args:
        questions: asks the API.
        cameras: the synthetic ones.
        truth: theirs.
        start_us: sightings before it are of an earlier demo.
    """

    def __init__(self, questions: QuestionsClient, cameras: Sequence[str], truth: TruthStore, *, start_us: int) -> None:
        self._questions = questions
        self._cameras = tuple(cameras)
        self._truth = truth
        self._start_us = start_us
        self.last: DemoScore | None = None
        """The last score; None before the first."""

    def score(self, *, most_queries: int) -> bool:
        """Ask for what was seen since the start, or since the truth is kept; False where the API does not answer now."""
        truth = self._truth.frames()
        since_us = max(self._start_us, min((frame.captured_at_us for frame in truth.values()), default=0))
        since = to_datetime(since_us).isoformat()
        try:
            sightings = self._sightings(since)
            pids = named(sightings, truth)
            queries = cross_camera_queries(sightings, pids, most=most_queries)
            found_again = score_cross_camera(queries, sightings, pids, lambda query: self._best(query, since))
        except (ServiceError, InputError):
            return False
        self.last = DemoScore(len(set(pids.values())), len(sightings), len(pids), found_again)
        return True

    @contextmanager
    def live(self) -> Iterator[None]:
        """Score from time to time, while the body runs, in a thread."""
        ended = threading.Event()

        def run() -> None:
            pause_s = _FIRST_S
            while not ended.wait(pause_s):
                self.score(most_queries=_LIVE_QUERIES)
                pause_s = _EVERY_S

        thread = threading.Thread(target=run, name="scorer", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _sightings(self, since: str) -> list[Seen]:
        listed = self._questions.sightings({"camera": self._cameras, "start": since}, most=MOST_SIGHTINGS)
        return [seen(document) for document in listed]

    def _best(self, query: Seen, since: str) -> list[str]:
        """The best match of another camera."""
        others = [camera for camera in self._cameras if camera != query.camera]
        answer = self._questions.similar(query.sighting_id, {"camera": others, "start": since, "k": 1})
        return [match["sighting_id"] for match in answer["matches"]]


def seen(document: dict[str, Any]) -> Seen:
    """A sighting as the API tells of it."""
    x, y, width, height = document["box"]
    time_us = to_us(datetime.fromisoformat(document["time"]))
    sighting_id, camera, frame_id, track = (document[name] for name in ("sighting_id", "camera", "frame_id", "track"))
    return Seen(sighting_id, camera, frame_id, time_us, track, (x, y, width, height), document["quality"])
