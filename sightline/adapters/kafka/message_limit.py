"""How large a message a topic takes."""

from __future__ import annotations

import logging

from kafka.admin import ConfigResource, KafkaAdminClient

from sightline.adapters.kafka.client import connection_options, kafka_errors_mapped
from sightline.settings import KafkaSettings

logger = logging.getLogger(__name__)

_NAME = "max.message.bytes"


def topic_message_limit(settings: KafkaSettings, topic: str) -> int:
    """The lower of the topic's own ``max.message.bytes`` and ``kafka.max_message_bytes``.

    It must be kept on our side: a message that the broker finds too large ends kafka-python's idempotent producer for
    good, and with it every frame in flight. Where the cluster does not tell us (kafka-python says no more than that:
    we may not ask, or there is no such topic), the setting must be right.

    Raises:
        ServiceUnavailable: no broker answers.
    """
    with kafka_errors_mapped(f"connecting to {settings.bootstrap_servers}: is it up? (`sightline up` starts the local stack)"):
        admin = KafkaAdminClient(**connection_options(settings), request_timeout_ms=15_000)
        try:
            found = admin.describe_configs([ConfigResource("topic", topic, [_NAME])], config_filter="all")
        finally:
            admin.close()
    told = found.get("topic", {}).get(topic, {}).get(_NAME)
    if told is None:
        logger.info("%s: its %s is not known; kafka.max_message_bytes must be no larger", topic, _NAME)
        return settings.max_message_bytes
    return min(settings.max_message_bytes, int(told["value"]))
