"""What must hold of the topics after any run, however often anything was killed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from kafka import KafkaConsumer, TopicPartition

from sightline.adapters.kafka.client import connection_options
from sightline.adapters.kafka.consumer import record_from
from sightline.adapters.kafka.table import read_table
from sightline.settings import Settings
from sightline.types import CameraState, Sighting
from sightline.wire import Record, camera_state_from_record, sighting_from_record


@dataclass(frozen=True)
class Ledger:
    """All that is committed: what was published, what became of it, and how far the group says it is."""

    published: dict[int, int]
    committed: dict[int, int]
    sightings: list[Sighting]
    states: dict[str, tuple[int, CameraState]]
    dead: list[Record]

    @property
    def lag(self) -> int:
        return sum(self.published.values()) - sum(self.committed.values())


def read_all(settings: Settings, topic: str) -> list[Record]:
    """Every committed record of a topic, by partition and offset."""
    wheres = [TopicPartition(topic, p) for p in range(settings.kafka.partitions)]
    plain = KafkaConsumer(**connection_options(settings.kafka), enable_auto_commit=False)
    ends = plain.end_offsets(wheres)
    plain.close()
    consumer = KafkaConsumer(
        **connection_options(settings.kafka), isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=50
    )
    consumer.assign(wheres)
    consumer.seek_to_beginning(*wheres)
    records: list[Record] = []
    while any(consumer.position(where) < ends[where] for where in wheres):
        records += [record_from(item) for items in consumer.poll(timeout_ms=200).values() for item in items]
    consumer.close()
    return sorted(records, key=lambda record: (record.partition, record.offset))


def read_ledger(settings: Settings) -> Ledger:
    """Read all that is committed under these settings' topics."""
    kafka = settings.kafka
    frames = kafka.topic("camera_frames")
    group = kafka.topic_prefix + settings.stream.group_id
    wheres = [TopicPartition(frames, p) for p in range(kafka.partitions)]
    member = KafkaConsumer(
        **connection_options(kafka), group_id=group, enable_auto_commit=False, isolation_level="read_committed"
    )
    published = {where.partition: int(end) for where, end in member.end_offsets(wheres).items()}
    committed = {where.partition: int(member.committed(where) or 0) for where in wheres}
    member.close()
    table = read_table(kafka, kafka.topic("camera_state"), list(range(kafka.partitions)), timeout_s=30)
    states = [(p, camera_state_from_record(record)) for p, records in table.items() for record in records.values()]
    return Ledger(
        published=published,
        committed=committed,
        sightings=[sighting_from_record(record) for record in read_all(settings, kafka.topic("sightings"))],
        states={state.camera: (partition, state) for partition, state in states},
        dead=read_all(settings, kafka.topic("dead_letters")),
    )


def assert_exactly_once(ledger: Ledger) -> None:
    """Every committed offset has exactly one outcome, and no sighting is there twice."""
    sources = [(dict(r.headers)["dead_letter_partition"], dict(r.headers)["dead_letter_offset"]) for r in ledger.dead]
    assert len(sources) == len(set(sources)), "an offset is a dead letter twice"
    dead = Counter(int(partition) for partition, _ in sources)
    for partition, offset in ledger.committed.items():
        states = [state for where, state in ledger.states.values() if where == partition]
        outcomes = sum(state.seen + sum(state.shed.values()) for state in states) + dead[partition]
        assert outcomes == offset, f"partition {partition}: {outcomes} outcomes of {offset} committed frames"
    ids = Counter(sighting.sighting_id for sighting in ledger.sightings)
    assert not [one for one, count in ids.items() if count > 1], "a sighting is there twice"
    by_camera = Counter(sighting.camera for sighting in ledger.sightings)
    assert by_camera == {camera: state.sightings for camera, (_, state) in ledger.states.items() if state.sightings}


def summary(ledger: Ledger) -> str:
    """For a person: what is there."""
    counts = {camera: (state.seen, dict(state.shed), state.sightings) for camera, (_, state) in ledger.states.items()}
    return json.dumps({"lag": ledger.lag, "dead": len(ledger.dead), "cameras": counts})
