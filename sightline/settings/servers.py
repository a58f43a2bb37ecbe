"""Where the servers are that Sightline stands on, and how they are reached."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from sightline.settings.section import Section


class TopicNames(Section):
    camera_frames: str = "camera-frames"
    sightings: str = "sightings"
    camera_state: str = "camera-state"
    dead_letters: str = "dead-letters"


class KafkaSettings(Section):
    bootstrap_servers: str | None = None
    """``host:port,host:port``; unset = the local stack."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    username: str | None = None
    password: SecretStr | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    topic_prefix: str = ""
    """Put before each topic's name, so that several installations share a cluster."""
    topics: TopicNames = TopicNames()
    partitions: int = Field(default=12, ge=1)
    """Of each topic that Sightline creates; frames, sightings and camera state must have the same number."""
    replication: int = Field(default=1, ge=1)
    frame_retention_h: float = Field(default=24.0, gt=0)
    frame_retention_bytes: int = Field(default=16 * 1024**3, ge=1024**2)
    """Per partition: beyond it the oldest frames go before their time, so that a forgotten stream does not fill the disk."""
    max_message_bytes: int = Field(default=8 * 1024 * 1024 + 64 * 1024, ge=1024)

    def topic(self, name: Literal["camera_frames", "sightings", "camera_state", "dead_letters"]) -> str:
        """A topic's full name, prefix included."""
        return self.topic_prefix + str(getattr(self.topics, name))


class TritonSettings(Section):
    url: str | None = None
    """gRPC ``host:port``; unset = the local stack."""
    metrics_url: str | None = None
    ssl: bool = False
    ssl_cafile: Path | None = None
    token: SecretStr | None = None
    """Sent as ``authorization: Bearer`` with each call."""
    timeout_s: float = Field(default=30.0, gt=0)
    shared_memory: Literal["auto", "on", "off"] = "auto"
    """System shared memory for tensors; ``auto`` = when Triton's address is a loopback address."""
    model_repositories: tuple[Path, ...] = ()
    """Folders in Triton's layout; empty = the packaged one and ``<state_dir>/models``, where `models add` writes."""


class MilvusSettings(Section):
    uri: str | None = None
    """``http://host:port``, ``https://…`` for TLS; unset = the local stack."""
    ssl_cafile: Path | None = None
    """The authority to trust; unset = the system's."""
    token: SecretStr | None = None
    """An API key, or ``user:password``."""
    backend: Literal["lite", "standalone"] = "standalone"
    """Which server ``sightline up`` starts."""
    collection_prefix: str = "sightings"
    timeout_s: float = Field(default=30.0, gt=0)


class BlobSettings(Section):
    url: str | None = None
    """An fsspec URL (``file:///…``, ``s3://bucket/prefix``); unset = ``<state_dir>/crops``. The rest is for ``s3://`` alone."""
    endpoint_url: str | None = Field(default=None, pattern=r"^https?://[^/\s]\S*$")
    """``https://host:port`` of any store that speaks the S3 protocol; unset = Amazon's."""
    region: str | None = None
    key: str | None = None
    """Access key; unset, with ``secret`` = what AWS looks for: environment, profile, the instance's role."""
    secret: SecretStr | None = None
    ssl_cafile: Path | None = None
    """The authority to trust, at this path on each host; unset = the system's."""
    timeout_s: float = Field(default=10.0, gt=0)
    """How long a crop may take to the store or from it, repeated attempts included."""

    @model_validator(mode="after")
    def _whole_credentials(self) -> Self:
        if (self.key is None) != (self.secret is None):
            raise ValueError("key and secret go together: set both, or neither")
        return self


class RaySettings(Section):
    address: str | None = None
    """``host:port`` of the head's GCS; unset = the local stack."""
    namespace: str = "sightline"
