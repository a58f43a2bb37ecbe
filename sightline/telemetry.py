"""Prometheus metrics: every name, unit and label of the product in one place; the only home of prometheus_client.

Each process makes its own registry, serves it on a port of its own and leaves a file for Prometheus' file discovery.
Counters that belong to a camera go on over restarts in ``camera-state``; these here start at 0 with each process.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from sightline.errors import RejectReason

Registry = CollectorRegistry
"""Where a process's metrics are kept: made once at its start and passed in."""

STAGE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LATENCY_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class DegradationMetrics:
    """Of the stages that can be gone without; ``what`` goes without them: frames or questions."""

    def __init__(self, registry: CollectorRegistry, *, what: str = "frames") -> None:
        self.missed = Counter(
            f"sightline_degraded_{what}_total",
            f"{what.capitalize()} that went on without a stage, by reason.",
            ["stage", "reason"],
            registry=registry,
        )
        self.off = Gauge(
            f"sightline_{what}_stage_off", f"1 while {what} go on without the stage.", ["stage"], registry=registry
        )


class StreamMetrics:
    """Of a camera stream and the stages that run in its process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.frames = Counter(
            "sightline_frames_total", "Frames by outcome: seen, shed or dead_letter.", ["camera", "outcome"], registry=registry
        )
        self.shed = Counter("sightline_shed_frames_total", "Frames shed, by reason.", ["camera", "reason"], registry=registry)
        self.last_frame = Gauge(
            "sightline_camera_last_frame_timestamp_seconds",
            "When the last frame of a camera was seen or shed, by the clock of whoever read it.",
            ["camera"],
            registry=registry,
        )
        self.dead_letters = Counter("sightline_dead_letters_total", "Dead letters, by reason.", ["reason"], registry=registry)
        for reason in RejectReason:
            self.dead_letters.labels(reason)  # from 0 on: the growth of a series that begins with its first one is not seen
        self.detections = Counter("sightline_detections_total", "People detected.", ["camera"], registry=registry)
        self.sightings = Counter("sightline_sightings_total", "Sightings committed.", ["camera"], registry=registry)
        self.stage_seconds = Histogram(
            "sightline_stage_seconds", "Time of one call of a stage.", ["stage"], registry=registry, buckets=STAGE_SECONDS
        )
        self.batch_size = Histogram(
            "sightline_batch_size", "Items in one call of a stage.", ["stage"], registry=registry, buckets=BATCH_SIZES
        )
        self.in_flight = Gauge("sightline_in_flight_frames", "Frames read and not yet committed.", registry=registry)
        self.in_flight_bytes = Gauge("sightline_in_flight_bytes", "Decoded bytes in flight.", registry=registry)
        self.paused = Gauge("sightline_paused_partitions", "Partitions paused by back-pressure.", registry=registry)
        self.lag_messages = Gauge("sightline_lag_messages", "Frames waiting in Kafka.", ["partition"], registry=registry)
        self.lag_seconds = Gauge("sightline_lag_seconds", "Age of the last frame read.", ["partition"], registry=registry)
        self.commit_seconds = Histogram(
            "sightline_commit_seconds", "Time of one Kafka transaction.", registry=registry, buckets=STAGE_SECONDS
        )
        self.retries = Counter("sightline_retries_total", "Calls repeated after a failure.", ["service"], registry=registry)
        self.rebalances = Counter("sightline_rebalances_total", "Changes of this worker's partitions.", registry=registry)
        self.degradations = DegradationMetrics(registry)


class WriterMetrics:
    """Of a writer."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.written = Counter("sightline_written_sightings_total", "Sightings written to the gallery.", registry=registry)
        self.batch_size = Histogram(
            "sightline_write_batch_size", "Sightings in one write.", registry=registry, buckets=BATCH_SIZES
        )
        self.write_seconds = Histogram(
            "sightline_write_seconds", "Time of one write to the gallery.", registry=registry, buckets=STAGE_SECONDS
        )
        self.capture_to_searchable = Histogram(
            "sightline_capture_to_searchable_seconds",
            "From a frame's capture to its sightings being searchable.",
            ["camera"],
            registry=registry,
            buckets=LATENCY_SECONDS,
        )
        self.dead_letters = Counter(
            "sightline_writer_dead_letters_total", "Sighting events that no gallery could hold.", registry=registry
        )
        self.retries = Counter(
            "sightline_writer_retries_total", "Writes repeated after a failure.", ["service"], registry=registry
        )


class ServingMetrics:
    """Of the HTTP questions."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "sightline_http_requests_total", "HTTP requests.", ["route", "method", "status"], registry=registry
        )
        self.seconds = Histogram(
            "sightline_http_request_seconds", "Time of one request.", ["route"], registry=registry, buckets=STAGE_SECONDS
        )
        self.search_seconds = Histogram(
            "sightline_search_stage_seconds", "Time within a search.", ["stage"], registry=registry, buckets=STAGE_SECONDS
        )
        self.degradations = DegradationMetrics(registry, what="questions")


class TrainingMetrics:
    """Of one training run, as of its last steps and its last validation."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.loss = Gauge(
            "sightline_training_loss", "Loss of the last step by term; sum is the weighted sum.", ["term"], registry=registry
        )
        self.step = Gauge("sightline_training_step", "Steps done.", registry=registry)
        self.epoch = Gauge("sightline_training_epoch", "Epoch of the phase at hand, from 1.", ["phase"], registry=registry)
        self.learning_rate = Gauge("sightline_training_learning_rate", "Learning rate of the last step.", registry=registry)
        self.speed = Gauge("sightline_training_pictures_per_second", "Pictures a second, of all workers.", registry=registry)
        self.validation = Gauge(
            "sightline_training_validation", "The last validation's figures, 0 to 1.", ["figure"], registry=registry
        )


def render(registry: CollectorRegistry) -> tuple[bytes, str]:
    """The registry in Prometheus' text format, and its content type."""
    return generate_latest(registry), CONTENT_TYPE_LATEST


@dataclass(frozen=True, slots=True)
class MetricsEndpoint:
    """A process's metrics on HTTP, and the file that tells Prometheus of it."""

    port: int
    target_file: Path

    @classmethod
    def open(
        cls, registry: CollectorRegistry, *, host: str, job: str, instance: str, targets: Path, seen_as: str | None = None
    ) -> MetricsEndpoint:
        """Serve ``registry`` on a free port of ``host`` and write ``<targets>/<job>-<instance>.json`` (file_sd format).

        Args:
            seen_as: the address that Prometheus is told; unset = ``host``.
        """
        server, _ = start_http_server(0, host, registry)
        port = server.server_port
        targets.mkdir(parents=True, exist_ok=True)
        file = targets / f"{job}-{instance}.json"
        labels = {"job": job, "instance": instance}
        partial = file.with_suffix(f".{os.getpid()}.tmp")
        partial.write_text(json.dumps([{"targets": [f"{seen_as or host}:{port}"], "labels": labels}]))
        partial.replace(file)
        return cls(port, file)

    def close(self) -> None:
        """Take the target away from Prometheus; the port closes with the process."""
        self.target_file.unlink(missing_ok=True)


def forget_target(targets: Path, instance: str) -> None:
    """Take a process that was ended on purpose away from Prometheus: else it would count as one that died."""
    for file in targets.glob(f"*-{instance}.json"):
        file.unlink(missing_ok=True)
