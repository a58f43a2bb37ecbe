"""All our clients on a real Kafka with TLS, passwords and certificates, and what they say where it will not have them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.certificates import Authority
from support.guarded_servers import PASSWORD, USER, GuardedServer
from support.recorded import make_sightings

from sightline.adapters.kafka.admin import cluster_id, create_topics
from sightline.adapters.kafka.consumer import FrameConsumer
from sightline.adapters.kafka.follow import TopicFollower
from sightline.adapters.kafka.lag import group_lag, oldest_waiting_us
from sightline.adapters.kafka.producer import FramePublisher
from sightline.adapters.kafka.replay import TopicReplay
from sightline.adapters.kafka.sightings import DeadLetters, SightingsReader
from sightline.adapters.kafka.table import read_table
from sightline.adapters.kafka.transaction import TransactionalWriter
from sightline.errors import ConfigurationError, FencedError, RejectedFrame, RejectReason, ServiceError, ServiceUnavailable
from sightline.settings import Settings, load_settings
from sightline.types import CameraState, EncodedFrame
from sightline.wire import Message, Record, camera_state_to_message, sighting_to_message

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

PATIENCE_S = 60.0
FRAME = EncodedFrame("door", "door-1", 1_700_000_000_000_000, "image/jpeg", b"\xff\xd8\xff a picture")
SIGHTING = make_sightings(1)[0]


def by_password(server: GuardedServer, mechanism: str = "PLAIN") -> dict[str, Any]:
    """The section ``kafka`` of the settings."""
    return {
        "bootstrap_servers": server.at("password"),
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": mechanism,
        "username": USER,
        "password": PASSWORD,
        "ssl_cafile": server.authority.cafile,
    }


def by_certificate(server: GuardedServer) -> dict[str, Any]:
    return {
        "bootstrap_servers": server.at("certificate"),
        "security_protocol": "SSL",
        "ssl_cafile": server.authority.cafile,
        "ssl_certfile": server.client.cert,
        "ssl_keyfile": server.client.key,
    }


@pytest.fixture(params=["PLAIN", "SCRAM-SHA-512", "a certificate"])
def secured(request: pytest.FixtureRequest, guarded_kafka: GuardedServer, unique_prefix: str) -> Settings:
    certificate = request.param == "a certificate"
    kafka = by_certificate(guarded_kafka) if certificate else by_password(guarded_kafka, request.param)
    return load_settings(kafka=kafka | {"topic_prefix": unique_prefix, "partitions": 2})


def read_until_one(poll: Callable[[], list[Record]]) -> Record:
    """Poll until a record comes."""
    deadline = time.monotonic() + PATIENCE_S
    while not (records := poll()):
        assert time.monotonic() < deadline, "nothing came"
    return records[0]


def publish(settings: Settings) -> None:
    publisher = FramePublisher(settings)
    publisher.open()
    publisher.publish(FRAME)
    publisher.close(timeout_s=PATIENCE_S)
    assert publisher.delivered(FRAME.camera).frames == 1


def made_of(frame: Record, settings: Settings) -> list[Message]:
    """A sighting, and the camera's state."""
    state = CameraState(FRAME.camera, FRAME.frame_id, FRAME.captured_at_us, frame.offset)
    return [
        sighting_to_message(SIGHTING, settings.kafka.topic("sightings"), frame.partition),
        camera_state_to_message(state, settings.kafka.topic("camera_state"), frame.partition),
    ]


def take_through(settings: Settings) -> int:
    """Read the frame as a camera stream does, and commit what was made of it; its partition."""
    consumer = FrameConsumer(settings, client_id="stream-0")
    writer = TransactionalWriter(settings, transactional_id="stream-0")
    writer.open()
    consumer.open()
    frame = read_until_one(lambda: consumer.poll(0.2, max_records=4).records)
    assert consumer.committed([frame.partition], timeout_s=PATIENCE_S) == {}
    writer.commit(made_of(frame, settings), {frame.partition: frame.offset + 1}, consumer.membership)
    writer.close()
    consumer.close()
    return frame.partition


def read_as_writer(settings: Settings) -> str:
    """Read the sighting, set it aside and commit; its key. Begins anew when the group did, as the writer."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        reader, letters = SightingsReader(settings, client_id="writer-0"), DeadLetters(settings)
        reader.open()
        sighting = read_until_one(lambda reader=reader: reader.poll(0.2, max_records=4))
        letters.put(sighting, RejectedFrame(RejectReason.BAD_EVENT, "a test"))
        try:
            reader.commit()
        except FencedError:
            assert time.monotonic() < deadline, "the group does not come to rest"
        else:
            return (sighting.key or b"").decode()
        finally:
            reader.close()
            letters.close()


def followed(settings: Settings, topic: str) -> list[bytes | None]:
    heard: list[bytes | None] = []
    follower = TopicFollower(settings.kafka, topic, lambda record: heard.append(record.key))
    follower.start()
    assert follower.wait_until_caught_up(PATIENCE_S)
    follower.close()
    return heard


def replayed(settings: Settings, topic: str) -> list[bytes | None]:
    replay = TopicReplay(settings.kafka, topic)
    replay.open()
    return [record.key for batch in replay.records() for record in batch]


def test_a_frame_goes_all_its_way(secured: Settings) -> None:
    """Through every client that we have."""
    create_topics(secured)
    frames, state = secured.kafka.topic("camera_frames"), secured.kafka.topic("camera_state")
    group = secured.kafka.topic_prefix + secured.stream.group_id
    publish(secured)
    assert sum(group_lag(secured, group_id=group, topic=frames).values()) == 1
    assert oldest_waiting_us(secured, group_id=group, topic=frames) is not None

    partition = take_through(secured)
    assert sum(group_lag(secured, group_id=group, topic=frames).values()) == 0
    table = read_table(secured.kafka, state, [partition], timeout_s=PATIENCE_S)
    assert list(table[partition]) == followed(secured, state) == [b"door"]
    assert read_as_writer(secured) == SIGHTING.sighting_id
    # A writer that begins anew sets it aside once more.
    assert set(replayed(secured, secured.kafka.topic("dead_letters"))) == {SIGHTING.sighting_id.encode()}


LASTING = {
    "a wrong password": ({"password": "wrong"}, r"check kafka\.username and kafka\.password"),
    "an unknown user": ({"username": "somebody"}, r"check kafka\.username and kafka\.password"),
    "a wrong SCRAM password": (
        {"password": "wrong", "sasl_mechanism": "SCRAM-SHA-512"},
        r"check kafka\.username and kafka\.password",
    ),
    "another mechanism": ({"sasl_mechanism": "SCRAM-SHA-256"}, r"set kafka\.sasl_mechanism to one that it takes"),
    "an authority that is not trusted": ({"ssl_cafile": None}, r"kafka\.ssl_cafile must hold the authority"),
}
ASKING: dict[str, Callable[[Settings], object]] = {
    "administration": cluster_id,
    "a producer": lambda settings: TransactionalWriter(settings, transactional_id="t").open(),
    "a consumer": lambda settings: FrameConsumer(settings, client_id="c").open(),
}


def refused(ask: Callable[[Settings], object], kafka: dict[str, Any], match: str) -> None:
    """The fault is named and lasting, and the client that failed leaves no thread running."""
    before = threading.active_count()
    with pytest.raises(ServiceError, match=match) as caught:
        ask(load_settings(kafka=kafka))
    assert not isinstance(caught.value, ServiceUnavailable)
    assert threading.active_count() == before


@pytest.mark.parametrize("fault", LASTING)
def test_whom_it_will_not_have_is_told_why(guarded_kafka: GuardedServer, fault: str) -> None:
    changes, match = LASTING[fault]
    refused(cluster_id, by_password(guarded_kafka) | changes, match)


@pytest.mark.parametrize("client", ASKING)
def test_every_client_is_told(guarded_kafka: GuardedServer, client: str) -> None:
    changes, match = LASTING["a wrong password"]
    refused(ASKING[client], by_password(guarded_kafka) | changes, match)


def test_a_publisher_is_told(guarded_kafka: GuardedServer) -> None:
    refused(lambda settings: FramePublisher(settings).open(), by_password(guarded_kafka) | {"password": "wrong"}, "password")


def test_no_certificate_and_one_of_another_authority(guarded_kafka: GuardedServer, tmp_path: Path) -> None:
    match = r"check kafka\.ssl_certfile and kafka\.ssl_keyfile"
    refused(cluster_id, by_certificate(guarded_kafka) | {"ssl_certfile": None, "ssl_keyfile": None}, match)
    other = Authority.make(tmp_path).issue("stranger")
    refused(cluster_id, by_certificate(guarded_kafka) | {"ssl_certfile": other.cert, "ssl_keyfile": other.key}, match)


def test_a_certificate_of_another_host(guarded_kafka: GuardedServer) -> None:
    unnamed = guarded_kafka.at("certificate").replace("localhost", "127.0.0.1")
    refused(cluster_id, by_certificate(guarded_kafka) | {"bootstrap_servers": unnamed}, "as their certificate does")


@pytest.mark.parametrize("port", ["password", "certificate"])
def test_no_tls_where_it_is_spoken(guarded_kafka: GuardedServer, port: str) -> None:
    refused(cluster_id, {"bootstrap_servers": guarded_kafka.at(port)}, r"check kafka\.security_protocol")


@pytest.mark.parametrize("port", ["broker", "password"])
def test_one_that_hangs_up(guarded_kafka: GuardedServer, port: str) -> None:
    """Where no TLS is spoken, and where a password is asked for and we have none. It could be a fault that passes."""
    kafka = by_certificate(guarded_kafka) | {"bootstrap_servers": guarded_kafka.at(port)}
    with pytest.raises(ServiceUnavailable, match=r"hangs up: check that kafka\.security_protocol SSL"):
        cluster_id(load_settings(kafka=kafka))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"security_protocol": "PLAINTEXT"}, r"no use of kafka\.ssl_cafile"),
        (
            {"security_protocol": "SSL"},
            r"no use of kafka\.sasl_mechanism, .*kafka\.password: set it to SASL_SSL",
        ),
        ({"password": None}, r"needs kafka\.password .*SIGHTLINE_KAFKA__PASSWORD"),
        ({"ssl_cafile": "/nowhere.pem"}, r"kafka\.ssl_cafile /nowhere\.pem cannot be used"),
        ({"ssl_keyfile": "/nowhere.key"}, r"of no use without kafka\.ssl_certfile"),
        ({"ssl_certfile": "/nowhere.pem"}, r"kafka\.ssl_certfile /nowhere\.pem .*cannot be used"),
    ],
)
def test_settings_that_cannot_work(guarded_kafka: GuardedServer, changes: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        cluster_id(load_settings(kafka=by_password(guarded_kafka) | changes))
