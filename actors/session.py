"""One membership in the group of camera streams: from joining to leaving, or to the first error.

The rule that makes recovery simple: whatever goes wrong with Kafka, the session ends, all that is not committed is
forgotten, and the next session goes on from the last commit. The order of writing is: crops to the blob store, then one
transaction with sightings, camera states, dead letters and offsets. Nothing else is ever committed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from actors.frame_way import FrameWay
from actors.lane import Lane, Turn
from actors.outcome import Outcome, OutcomeKind
from sightline.adapters.kafka.consumer import FrameConsumer, Standing
from sightline.adapters.kafka.table import read_table
from sightline.adapters.kafka.transaction import TransactionalWriter
from sightline.ports import Clock
from sightline.settings import Settings
from sightline.telemetry import StreamMetrics
from sightline.types import CameraState
from sightline.wire import Message, Record, camera_of, camera_state_from_record, camera_state_to_message

log = logging.getLogger(__name__)

T = TypeVar("T")

_MOST_PER_POLL = 16
"""Records a poll may bring: bounds how far the decoded bytes may pass their limit before reading stops."""
_IDLE_POLL_S, _BUSY_POLL_S = 0.2, 0.02
_DRAIN_S = 20.0
"""How long a clean stop waits for the frames that are on their way."""


class Session:
    """Reads, bounds, orders and commits. Used once: open, run, and it closes itself."""

    def __init__(
        self,
        settings: Settings,
        *,
        name: str,
        way: FrameWay,
        consumer: FrameConsumer,
        writer: TransactionalWriter,
        kafka_thread: ThreadPoolExecutor,
        clock: Clock,
        metrics: StreamMetrics,
    ) -> None:
        self._settings = settings
        self._name = name
        self._way = way
        self._consumer = consumer
        self._writer = writer
        self._kafka_thread = kafka_thread  # one thread: kafka-python's clients are not thread-safe
        self._clock = clock
        self._metrics = metrics
        self._lanes: dict[int, Lane] = {}
        self._committed_at = time.monotonic()
        self._reading_since: float | None = None
        self._has_committed = False
        self.unread: dict[int, int] = {}
        """Partition -> frames that wait behind what was read."""

    @property
    def partitions(self) -> list[int]:
        """The partitions that we hold."""
        return sorted(self._lanes)

    @property
    def standing(self) -> Standing:
        """In the group of camera streams; from any thread."""
        return self._consumer.standing

    @property
    def in_flight(self) -> int:
        """Frames read and not yet committed."""
        return sum(len(lane) for lane in self._lanes.values())

    @property
    def is_well(self) -> bool:
        """Whether it works: it has committed, or has read for a session timeout (by then all that a lost membership left
        behind would have come) and nothing waits."""
        if self._has_committed or self._reading_since is None:
            return self._has_committed
        long_enough = time.monotonic() - self._reading_since > self._settings.stream.session_timeout_s
        return long_enough and self.in_flight == 0 and not any(self.unread.values())

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until ``stopping``, then finish what is on its way and leave the group.

        Raises:
            ServiceUnavailable, FencedError: what is not committed must be done again, by the next session or by others.
        """
        try:
            await self._call(self._writer.open)
            await self._call(self._consumer.open)
            self._reading_since = time.monotonic()
            while not stopping.is_set():
                await self._read()
                await self._commit(only_if_due=True)
            await self._drain()
        finally:
            for lane in self._lanes.values():
                lane.drop()
            await self._call(self._close_clients)

    async def _call(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._kafka_thread, function)

    def _close_clients(self) -> None:
        try:
            self._writer.close()
        finally:
            self._consumer.close()

    async def _read(self) -> None:
        wait_s = _BUSY_POLL_S if self.in_flight else _IDLE_POLL_S
        poll = await self._call(partial(self._consumer.poll, wait_s, max_records=self._room()))
        self._give_up(poll.revoked)
        await self._adopt(poll.assigned)
        self.unread = poll.unread
        self._start(poll.records)
        self._observe()

    def _room(self) -> int:
        """How many more frames may be read now; 0 = the bound is reached, and our partitions are paused."""
        stream = self._settings.stream
        if self._way.decoded_bytes >= stream.max_in_flight_bytes:
            return 0
        return max(0, min(_MOST_PER_POLL, stream.max_in_flight_frames - self.in_flight))

    def _give_up(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            lane = self._lanes.pop(partition, None)
            if lane is not None:
                log.info("%s gives up partition %d with %d frames on their way", self._name, partition, len(lane))
                lane.drop()
                self._metrics.rebalances.inc()
                for gauge in (self._metrics.lag_messages, self._metrics.lag_seconds):
                    gauge.labels(str(partition)).set(0)  # somebody else tells of it now

    async def _adopt(self, partitions: list[int]) -> None:
        """Take partitions over: restore their cameras as of the last commit."""
        if not partitions:
            return
        timeout_s = self._settings.stream.transaction_timeout_s + 10
        await self._call(partial(self._consumer.committed, partitions, timeout_s=timeout_s))
        topic = self._settings.kafka.topic("camera_state")
        read = partial(read_table, self._settings.kafka, topic, partitions, timeout_s=timeout_s)
        for partition, table in (await self._call(read)).items():
            states = [camera_state_from_record(record) for record in table.values()]
            self._lanes[partition] = Lane(partition, {state.camera: state for state in states})
            self._metrics.rebalances.inc()
        log.info("%s took over partitions %s", self._name, partitions)

    def _start(self, records: list[Record]) -> None:
        behind = {camera_of(record): index for index, record in enumerate(records)}
        for index, record in enumerate(records):
            lane = self._lanes.get(record.partition)
            if lane is None:
                continue  # of a partition that went away within this very poll
            newer_waits = behind[camera_of(record)] > index or self.unread.get(record.partition, 0) > 0
            lane.add(partial(self._take, record, lane, newer_waits=newer_waits))
            age_s = max(0.0, self._clock() - record.timestamp_ms / 1000)
            self._metrics.lag_seconds.labels(str(record.partition)).set(age_s)

    async def _take(self, record: Record, lane: Lane, turn: Turn, *, newer_waits: bool) -> Outcome:
        return await self._way.take(record, lane, turn, newer_waits=newer_waits)

    async def _commit(self, *, only_if_due: bool) -> None:
        """Commit the oldest finished frames of every partition in one transaction."""
        stream = self._settings.stream
        finished = {lane: outcomes for lane in self._lanes.values() if (outcomes := lane.completed())}
        count = sum(map(len, finished.values()))
        full = count >= min(stream.max_frames_per_commit, max(1, stream.max_in_flight_frames // 2))
        if count == 0 or (only_if_due and not full and time.monotonic() - self._committed_at < stream.commit_interval_s):
            return
        messages = self._messages(finished)
        offsets = {lane.partition: outcomes[-1].offset + 1 for lane, outcomes in finished.items()}
        with self._metrics.commit_seconds.time():
            await self._call(lambda: self._writer.commit(messages, offsets, self._consumer.membership))
        self._committed_at = time.monotonic()
        self._has_committed = True
        for lane, outcomes in finished.items():
            lane.forget(len(outcomes))
            for outcome in outcomes:
                self._count(outcome)

    def _messages(self, finished: dict[Lane, list[Outcome]]) -> list[Message]:
        """What the outcomes ask for, and the state of each camera after the last of them."""
        topic = self._settings.kafka.topic("camera_state")
        messages: list[Message] = []
        for lane, outcomes in finished.items():
            latest: dict[str, CameraState] = {o.camera: o.state for o in outcomes if o.state is not None}
            messages += [message for outcome in outcomes for message in outcome.messages]
            messages += [camera_state_to_message(state, topic, lane.partition) for state in latest.values()]
        return messages

    def _count(self, outcome: Outcome) -> None:
        camera = outcome.camera or "unknown"
        self._metrics.frames.labels(camera, outcome.kind).inc()
        if outcome.kind is not OutcomeKind.DEAD_LETTER:
            self._metrics.last_frame.labels(camera).set(self._clock())
        if outcome.kind is OutcomeKind.SEEN:
            self._metrics.detections.labels(camera).inc(outcome.detections)
            self._metrics.sightings.labels(camera).inc(outcome.sightings)
        elif outcome.kind is OutcomeKind.SHED:
            self._metrics.shed.labels(camera, outcome.reason).inc()
        else:
            self._metrics.dead_letters.labels(outcome.reason).inc()

    def _observe(self) -> None:
        self._metrics.in_flight.set(self.in_flight)
        self._metrics.in_flight_bytes.set(self._way.decoded_bytes)
        self._metrics.paused.set(0 if self._room() else len(self._lanes))
        for partition, count in self.unread.items():
            self._metrics.lag_messages.labels(str(partition)).set(count)

    async def _drain(self) -> None:
        """Finish and commit what is on its way, reading nothing more."""
        deadline = time.monotonic() + _DRAIN_S
        while self.in_flight and time.monotonic() < deadline:
            poll = await self._call(partial(self._consumer.poll, _BUSY_POLL_S, max_records=0))
            self._give_up(poll.revoked)
            await self._commit(only_if_due=False)
