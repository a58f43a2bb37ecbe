"""Reading frames as one member of the camera streams' group."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from kafka import ConsumerRebalanceListener, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.structs import MemberState

from sightline.adapters.kafka.client import connection_options, kafka_errors_mapped
from sightline.adapters.kafka.group_consumer import SteadyConsumer
from sightline.errors import ServiceUnavailable
from sightline.settings import Settings
from sightline.wire import Record

_FETCH_MAX_BYTES = 16 * 1024 * 1024
"""Of one answer of the broker: with the bound on frames in flight, this is what keeps memory flat."""
_HEARTBEAT_MS = 500
"""A member learns with its next heartbeat that others wait for it to join again: twice in each move of partitions."""
_SILENCE_S = 10.0
"""So much listening without a record makes us ask whether there are any."""
_ASK_TIMEOUT_S = 5.0


@dataclass(slots=True)
class Poll:
    """What one poll brought.

    Attributes:
        assigned, revoked: partitions that came and went; they go before they come.
        records: of partitions that we hold, or that went within this very poll.
        unread: partition -> how many records wait behind what was polled, for those that have been polled.
    """

    assigned: list[int] = field(default_factory=list)
    revoked: list[int] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    unread: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's standing in its group.

    Attributes:
        generation: of the group, as far as the member knows; it counts up with each rebalance. -1 = not yet in it.
        joining: it has joined again, and the group waits for others.
    """

    generation: int = -1
    joining: bool = False


class FrameConsumer:
    """A member of the consumer group on ``camera-frames``. Not thread-safe: one thread polls, pauses and closes.

    Offsets are never committed here: they go into the transaction that holds the frames' outcomes. Rebalances are
    cooperative, so partitions that stay are never interrupted.
    """

    def __init__(self, settings: Settings, *, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._topic = settings.kafka.topic("camera_frames")
        self._listener = _Listener()
        self._next: dict[int, int] = {}
        self._silent_s = 0.0
        self._consumer: SteadyConsumer | None = None

    def open(self) -> None:
        """Join the group; partitions arrive with a later :meth:`poll`.

        Raises:
            ServiceUnavailable: no broker answers.
        """
        stream = self._settings.stream
        with kafka_errors_mapped("joining the group of camera streams"):
            self._consumer = SteadyConsumer(
                **connection_options(self._settings.kafka),
                client_id=self._client_id,
                group_id=self._settings.kafka.topic_prefix + stream.group_id,
                # read_committed also makes the broker withhold offsets of an undecided transaction (KIP-447).
                isolation_level="read_committed",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                partition_assignment_strategy=[CooperativeStickyAssignor],
                session_timeout_ms=int(stream.session_timeout_s * 1000),
                heartbeat_interval_ms=_HEARTBEAT_MS,
                max_poll_interval_ms=60_000,
                fetch_max_wait_ms=100,
                fetch_max_bytes=_FETCH_MAX_BYTES,
                max_partition_fetch_bytes=self._settings.kafka.max_message_bytes,
                metadata_max_age_ms=10_000,
            )
            # Known before joining: a member that leads the group without it would assign nobody anything.
            self._consumer.partitions_for_topic(self._topic)
            self._consumer.subscribe([self._topic], listener=self._listener)

    def poll(self, timeout_s: float, *, max_records: int) -> Poll:
        """Wait up to ``timeout_s`` for records, at most ``max_records``; also keeps the membership alive.

        With ``max_records`` 0 every partition is paused: nothing is fetched, the membership is kept.

        Raises:
            ServiceUnavailable: the broker is away, or records wait and the client has stopped fetching them.
            FencedError: the group went on without us: close and open again.
        """
        began = time.monotonic()
        with kafka_errors_mapped("reading frames"):
            self._set_paused(max_records == 0)
            batches = self._open_consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=max(1, max_records))
        answer = Poll(*self._listener.take())
        answer.records = [record_from(item) for batch in batches.values() for item in batch]
        self._next.update({record.partition: record.offset + 1 for record in answer.records})
        answer.unread = self._unread()
        if answer.records or answer.assigned or answer.revoked or max_records == 0:
            self._silent_s = 0.0
        else:  # what is done between two polls does not count
            self._silent_s += time.monotonic() - began
            self._distrust_silence()
        return answer

    def _set_paused(self, paused: bool) -> None:
        consumer = self._open_consumer
        if paused:  # again and again: partitions may have been added since
            consumer.pause(*consumer.assignment())
        elif consumer.paused():
            consumer.resume(*consumer.paused())

    def committed(self, partitions: Iterable[int], *, timeout_s: float) -> dict[int, int]:
        """The next offset of each partition as committed; waits while a transaction on it is undecided.

        A partition that nobody committed yet is left out.
        """
        offsets = {}
        with kafka_errors_mapped("reading committed offsets"):
            for partition in partitions:
                where = TopicPartition(self._topic, partition)
                offset = self._open_consumer.committed(where, timeout_ms=int(timeout_s * 1000))
                if offset is not None:
                    offsets[partition] = int(offset)
        return offsets

    def _unread(self) -> dict[int, int]:
        consumer, counts = self._open_consumer, {}
        for where in consumer.assignment():
            end = consumer.highwater(where)
            if end is not None and where.partition in self._next:
                counts[where.partition] = max(0, int(end) - self._next[where.partition])
        return counts

    def _distrust_silence(self) -> None:
        """See that silence means that nothing waits.

        kafka-python 3.0 was seen to hold partitions and never fetch again, without an error or a line in the log, after it
        had lost its membership twice on a busy machine. A new consumer reads on at once.

        Raises:
            ServiceUnavailable: records wait, and this client does not fetch them.
        """
        if self._silent_s <= _SILENCE_S:
            return
        silent_s, self._silent_s = self._silent_s, 0.0
        consumer, timeout_ms = self._open_consumer, int(_ASK_TIMEOUT_S * 1000)
        with kafka_errors_mapped("asking whether frames wait"):
            for where, end in consumer.end_offsets(consumer.assignment(), timeout_ms=timeout_ms).items():
                position = consumer.position(where, timeout_ms=timeout_ms)
                if position is None or position < end:
                    waiting = f"{end - (position or 0)} frames wait in partition {where.partition}"
                    raise ServiceUnavailable("kafka", f"{waiting}, and none came in {silent_s:.0f} s of asking for them")

    def membership(self) -> Any:
        """Who we are in the group, for the transaction to be fenced by."""
        return self._open_consumer.group_metadata()

    @property
    def standing(self) -> Standing:
        """How we stand in the group; from any thread."""
        consumer = self._consumer
        if consumer is None:
            return Standing()
        member = consumer.group_metadata()
        return Standing(int(member.generation_id), member.state is MemberState.REBALANCING)

    def close(self) -> None:
        """Leave the group; safe to call twice."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with kafka_errors_mapped("leaving the group of camera streams"):
                consumer.close(timeout_ms=5000)

    @property
    def _open_consumer(self) -> SteadyConsumer:
        assert self._consumer is not None, "open() comes first"
        return self._consumer


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Notes which partitions came and went, for the next poll to report. Called on kafka-python's own thread."""

    def __init__(self) -> None:
        self._noted: list[tuple[int, bool]] = []

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._noted.extend((where.partition, True) for where in assigned)

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self._noted.extend((where.partition, False) for where in revoked)

    def on_partitions_lost(self, lost: Collection[TopicPartition]) -> None:
        self.on_partitions_revoked(lost)

    def take(self) -> tuple[list[int], list[int]]:
        """What came and what went since the last time; what came and went again since then did neither."""
        noted = list(self._noted)
        del self._noted[: len(noted)]
        came: dict[int, None] = {}
        went: dict[int, None] = {}
        for partition, here in noted:
            if here:
                came[partition] = None
            elif partition in came:
                del came[partition]
            else:
                went[partition] = None
        return list(came), list(went)


def record_from(item: Any) -> Record:
    """kafka-python's record as ours."""
    headers = tuple((str(name), bytes(value or b"")) for name, value in item.headers)
    return Record(item.topic, item.partition, item.offset, item.timestamp, item.key, item.value, headers)
