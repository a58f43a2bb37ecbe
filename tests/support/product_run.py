"""One run of the product over topics and a collection of its own: published to, disturbed, and checked at the end."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actors import pipeline
from infra.local.process import tail
from sightline.adapters.kafka.lag import group_lag
from sightline.adapters.kafka.producer import FramePublisher
from sightline.adapters.milvus.admin import count, sighting_ids
from sightline.cameras.open_source import open_source
from sightline.cameras.options import SourceOptions
from sightline.errors import ServiceUnavailable
from sightline.settings import Settings
from support.invariants import Ledger, assert_exactly_once, read_ledger, summary
from support.processes import until

START_US = 1_700_000_000_000_000
"""When the videos "were taken": the same in every run, so that the frames have the same ids."""


@dataclass
class Run:
    """One run of the product over topics and a collection of its own."""

    settings: Settings
    servers: Any

    def deploy(self) -> None:
        """Start the stream's actors."""
        pipeline.deploy(self.settings)

    def remove(self) -> None:
        """Stop them."""
        pipeline.remove(self.settings)

    def publish(self, sources: dict[str, Path], *, loops: int = 1, first_loop: int = 0) -> None:
        """Send videos, as fast as Kafka takes them; each loop has later capture times and so other ids."""
        publisher = FramePublisher(self.settings)
        publisher.open()
        for loop in range(first_loop, first_loop + loops):
            for camera, path in sources.items():
                options = SourceOptions(camera, start_us=START_US + loop * 3_600_000_000, paced=False)
                source = open_source(str(path), options=options)
                for frame in source.frames():
                    publisher.publish(frame)
                source.close()
        publisher.close()

    def ledger(self) -> Ledger:
        return read_ledger(self.settings)

    def committed(self) -> int:
        return sum(self.ledger().committed.values())

    def kill(self, victim: str) -> None:
        """SIGKILL to a server, which is then started again, or to an actor, which Ray starts again."""
        if victim in ("kafka", "triton", "milvus-standalone"):
            self.servers.kill(victim)
            time.sleep(1.0)
            self.servers.revive()
            return
        pid = pipeline.describe(self.settings).get(victim, {}).get("pid")
        if pid is not None:  # None: it is still on its way back from the last blow
            os.kill(pid, signal.SIGKILL)

    def _ids_in_milvus(self, space: str) -> set[str] | None:
        """None while it is on its way back from a crash."""
        try:
            return set(sighting_ids(self.settings.milvus, space))
        except ServiceUnavailable:
            return None

    def waiting(self) -> int | None:
        """Frames that nobody has committed yet; None while Kafka is on its way back from a crash."""
        group_id = self.settings.kafka.topic_prefix + self.settings.stream.group_id
        try:
            return sum(group_lag(self.settings, group_id=group_id, topic=self.settings.kafka.topic("camera_frames")).values())
        except ServiceUnavailable:
            return None

    def _see_all_frames(self, patience_s: float) -> None:
        # By what comes, not by the clock: how long all of it takes is a matter of who else is at work on this machine.
        least, since = self.waiting(), time.monotonic()
        while least != 0:
            if time.monotonic() - since > patience_s:
                raise TimeoutError(f"no frame's outcome for {patience_s:g} s, {least} wait; {self._what_actors_say()}")
            time.sleep(1.0)
            now = self.waiting()
            if now is not None and (least is None or now < least):
                least, since = now, time.monotonic()

    def _what_actors_say(self) -> str:
        logs = sorted((self.settings.local.state_dir / "logs").glob("*.log"))
        return "\n".join([str(pipeline.describe(self.settings)), *(f"{log.name}:\n{tail(log)}" for log in logs)])

    def finish(self, patience_s: float = 180.0) -> Ledger:
        """Wait until every frame has its outcome and every sighting is in Milvus; check what must always hold.

        Raises:
            TimeoutError: for as long as the patience lasts no frame got one.
        """
        self._see_all_frames(patience_s)
        ledger = self.ledger()
        assert_exactly_once(ledger)
        ids = {sighting.sighting_id for sighting in ledger.sightings}
        spaces = {sighting.space for sighting in ledger.sightings}
        assert len(spaces) == 1
        [space] = spaces
        until(
            lambda: self._ids_in_milvus(space) == ids,
            timeout_s=180,
            what=f"Milvus to hold the ids of {summary(ledger)}",
            every_s=1,
        )
        assert count(self.settings.milvus, space) == len(ids)
        return ledger
