"""A client's first connection to the cluster: what will never work is told at once, and a failure leaves nothing behind."""

from __future__ import annotations

from typing import Any

from kafka import errors as kafka_errors
from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

from sightline.adapters.kafka.security import advice, is_hanging_up

_HANG_UPS = 3
"""In a row, after which it is no accident: a broker that goes down does so once, and then cannot be reached."""


class JoiningClient(KafkaNetClient):  # type: ignore[misc]  # kafka-python has no types
    """For the option ``kafka_client`` of kafka-python's clients.

    By itself kafka-python tries a wrong password for the whole of ``bootstrap_timeout_ms``, then says no more than that it
    was unable to bootstrap, and each client that fails so leaves a thread and its sockets behind.
    """

    def __init__(self, **configs: Any) -> None:
        net = NetworkSelector(**configs)
        super().__init__(net=net, manager=_Joining(net, **configs))


class _Joining(KafkaConnectionManager):  # type: ignore[misc]
    def __init__(self, net: Any, **configs: Any) -> None:
        super().__init__(net, **configs)
        self._failure: Exception | None = None
        self._hang_ups = 0

    def bootstrap(self, timeout_ms: int | None = None, refresh: bool = True) -> None:
        """Connect for the first time; called by the constructors of kafka-python's clients.

        Raises:
            KafkaError: the reason why not; everything is closed then.
        """
        try:
            super().bootstrap(timeout_ms, refresh)
            return
        except kafka_errors.KafkaError as error:
            given_up = error
        # Raised from here: within the block above Python would put one error in the place of what caused the other.
        self.close()
        self._net.close()
        if self._failure is None:
            raise given_up
        if advice(self._failure):
            raise self._failure
        raise kafka_errors.KafkaConnectionError(self._in_words(self._failure)) from self._failure

    def get_connection(self, *args: Any, **options: Any) -> Any:
        """As inherited; until the cluster is reached, why a connection ended is kept."""
        connection = super().get_connection(*args, **options)
        if not self.bootstrapped:
            connection.close_future.add_errback(self._note)
        return connection

    async def _build_transport(self, node: Any, timeout_at: float | None = None) -> Any:
        """As inherited, except that what a broker says before it hangs up is heard.

        Where both are seen at once, kafka-python throws away what was said: the refusal of a password.
        """
        transport = await super()._build_transport(node, timeout_at=timeout_at)
        receive = transport._sock_recv

        def receive_first() -> tuple[bytes, Exception | None]:
            data, error = receive()
            return data, None if data else error  # the error comes again

        transport._sock_recv = receive_first
        return transport

    def _note(self, error: Exception) -> None:
        self._failure = error
        self._hang_ups = self._hang_ups + 1 if is_hanging_up(error) else 0
        if advice(error) or self._hang_ups >= _HANG_UPS:
            self.close()  # which ends the attempts

    def _in_words(self, failure: Exception) -> str:
        servers = ",".join(self.config["bootstrap_servers"])
        if is_hanging_up(failure):
            protocol = self.config["security_protocol"]
            return f"{servers} hangs up: check that kafka.security_protocol {protocol} is what it speaks there"
        return f"{servers} cannot be reached: {failure}"
