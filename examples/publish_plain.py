"""Publish JPEG files to Sightline with plain kafka-python: publish_plain.py BOOTSTRAP_SERVERS TOPIC CAMERA FILE…"""

import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

from kafka import KafkaProducer

bootstrap_servers, topic, camera, *files = sys.argv[1:]
producer = KafkaProducer(bootstrap_servers=bootstrap_servers, max_request_size=8 * 1024 * 1024)
for file in files:
    event = {"ce_specversion": "1.0", "ce_type": "sightline.frame.v1", "ce_source": f"/cameras/{camera}"}
    event |= {"ce_id": str(uuid.uuid4()), "ce_time": datetime.now(UTC).isoformat(), "content-type": "image/jpeg"}
    headers = [(name, value.encode()) for name, value in event.items()]
    sent = producer.send(topic, key=camera.encode(), value=Path(file).read_bytes(), headers=headers)
    sent.get(timeout=30)  # raises what went wrong
producer.close()
