"""kafka-python's consumer, which goes on fetching what it keeps while its group makes up its mind."""

from __future__ import annotations

from typing import Any

from kafka import KafkaConsumer


class SteadyConsumer(KafkaConsumer):  # type: ignore[misc]  # kafka-python has no types
    """By itself kafka-python 3.0 polls nothing until it has joined again, and a join waits for the slowest member: partitions
    that stayed were seen to stand still for as long as those that moved.

    What it holds is fetched meanwhile, as Kafka's own client does with a cooperative assignor. A partition that goes is
    taken from what is held before its new owner may have it, and no join ends but within a poll.
    """

    def _poll_once(self, timer: Any, max_records: int, update_offsets: bool = True) -> Any:
        records = super()._poll_once(timer, max_records, update_offsets=update_offsets)
        if records or not self._coordinator.rebalance_in_progress():
            return records
        fetched, _ = self._fetcher.fetch_records(max_records, update_offsets=update_offsets, timeout_ms=0)
        return fetched
