"""kafka-python's producer for transactions, with an end to each wait and to itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kafka import KafkaProducer, TopicPartition
from kafka import errors as kafka_errors
from kafka.structs import OffsetAndMetadata


class TransactionalProducer(KafkaProducer):  # type: ignore[misc]  # kafka-python has no types
    """By itself kafka-python waits for ever until offsets are sent or a transaction is decided, and is not closed at all
    where messages are under way to a broker that is gone: its thread goes on sending them, after those who came later.
    """

    def send_offsets_to_transaction(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], group_metadata: Any) -> None:
        """As inherited.

        Raises:
            KafkaTimeoutError: it took longer than ``max_block_ms``.
        """
        self._wait(self._transaction_manager.send_offsets_to_transaction(offsets, group_metadata), "offsets were not taken")

    def commit_transaction(self) -> None:
        """As inherited.

        Raises:
            KafkaTimeoutError: it took longer than ``max_block_ms``; whether it was committed is not known.
        """
        self._wait(self._transaction_manager.begin_commit(), "a transaction was not decided")

    def abort_transaction(self) -> None:
        """As inherited.

        Raises:
            KafkaTimeoutError: it took longer than ``max_block_ms``; the broker ends it in time.
        """
        self._wait(self._transaction_manager.begin_abort(), "a transaction was not given up")

    def close(self, timeout: float | None = None, null_logger: bool = False) -> None:
        """Give up what is under way, and end the thread that sends; waits for that at most ``timeout`` seconds.

        The thread may be in the middle of a request, and ends after it: it sends nothing more.
        """
        sender = getattr(self, "_sender", None)
        if sender is not None and sender.is_alive():
            sender.force_close()
            sender.join(timeout)
        if sender is None or not sender.is_alive():
            super().close(0, null_logger)

    def _wait(self, result: Any, lacking: str) -> None:
        self._sender.wakeup()
        if not result.wait(timeout_ms=self.config["max_block_ms"]):
            raise kafka_errors.KafkaTimeoutError(f"{lacking} in {self.config['max_block_ms'] / 1000:g} s")
