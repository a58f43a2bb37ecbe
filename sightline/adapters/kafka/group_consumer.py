"""kafka-python's consumer as a member of a group, without two of its faults (3.0)."""

from __future__ import annotations

from typing import Any

from kafka import KafkaConsumer


class GroupConsumer(KafkaConsumer):  # type: ignore[misc]  # kafka-python has no types
    """Ends every join that it begins.

    By itself kafka-python forgets a join that outlasts a poll where its reason is gone by the next: a leader that has just
    learnt of the partitions joins for their sake, and knows them once the join is under way. It never hears then what it
    was assigned, sends no heartbeat, and holds what it held for ever, while the group gives all of that to others.
    """

    def _poll_once(self, timer: Any, max_records: int, update_offsets: bool = True) -> Any:
        if self._coordinator.rejoining:
            self._coordinator.request_rejoin()  # no second one: it waits for the one that is under way
        return super()._poll_once(timer, max_records, update_offsets=update_offsets)


class SteadyConsumer(GroupConsumer):
    """Goes on fetching what it keeps while its group makes up its mind.

    By itself kafka-python polls nothing until it has joined again, and a join waits for the slowest member: partitions that
    stayed were seen to stand still for as long as those that moved. What it holds is fetched meanwhile, as Kafka's own client
    does with a cooperative assignor. A partition that goes is taken from what is held before its new owner may have it, and no
    join ends but within a poll.
    """

    def _poll_once(self, timer: Any, max_records: int, update_offsets: bool = True) -> Any:
        records = super()._poll_once(timer, max_records, update_offsets=update_offsets)
        if records or not self._coordinator.rebalance_in_progress():
            return records
        fetched, _ = self._fetcher.fetch_records(max_records, update_offsets=update_offsets, timeout_ms=0)
        return fetched
