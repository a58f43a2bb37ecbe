"""One typed tree of settings: defaults, then the running stack and the live models, then a YAML file, then the environment.

``SIGHTLINE_<SECTION>__<NAME>`` overrides one value (``SIGHTLINE_STREAM__MODE=replay``); ``SIGHTLINE_CONFIG`` names the YAML
file (else ``sightline.yaml`` in the working directory, if it is there). Unknown keys are refused with the nearest name.
What is left unset of the servers' addresses is filled in from the stack that ``sightline up`` started, if one runs, and which
models are live from what was promoted last.
"""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource

from sightline.errors import ConfigurationError

ENV_PREFIX = "SIGHTLINE_"
CONFIG_VARIABLE = "SIGHTLINE_CONFIG"
DEFAULT_CONFIG_FILE = Path("sightline.yaml")
ENDPOINTS_FILE = "endpoints.yaml"
"""Written by ``sightline up`` into the state folder: a settings file that holds only the servers' addresses."""
LIVE_MODELS_FILE = "live-models.json"
"""Written by ``sightline models promote`` into the state folder: {stage: {"model": name, …}}; see ``models/live.py``."""
PACKAGED_MODELS = Path(__file__).resolve().parent.parent / "serving" / "model_repository"


def _default_state_dir() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "sightline"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class TopicNames(_Section):
    camera_frames: str = "camera-frames"
    sightings: str = "sightings"
    camera_state: str = "camera-state"
    dead_letters: str = "dead-letters"


class KafkaSettings(_Section):
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


class TritonSettings(_Section):
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


class MilvusSettings(_Section):
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


class BlobSettings(_Section):
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


class RaySettings(_Section):
    address: str | None = None
    """``host:port`` of the head's GCS; unset = the local stack."""
    namespace: str = "sightline"


class CoresSettings(_Section):
    total: int | None = Field(default=None, ge=1)
    """How many cores Ray, Triton and ONNX Runtime share; unset = all of this machine."""


class StreamSettings(_Section):
    mode: Literal["live", "replay"] = "live"
    """``live`` sheds stale frames and counts them; ``replay`` sheds nothing."""
    group_id: str = "sightline-stream"
    workers: int = Field(default=1, ge=1, le=64)
    """Camera streams: members of the consumer group."""
    sample: Literal["tracks", "all"] = "tracks"
    """``all`` keeps every detection that a track took, for scoring: a faint one begins no track, and may be nobody."""
    max_in_flight_frames: int = Field(default=64, ge=1)
    """Per camera stream, from reading to commit; reached = its partitions are paused."""
    max_in_flight_bytes: int = Field(default=256 * 1024 * 1024, ge=1024 * 1024)
    """Of decoded pictures, per camera stream."""
    stale_after_s: float = Field(default=2.0, gt=0)
    """Live mode: a frame older than this is shed when a newer one of its camera is waiting."""
    commit_interval_s: float = Field(default=0.2, gt=0, le=5.0)
    max_frames_per_commit: int = Field(default=64, ge=1)
    transaction_timeout_s: float = Field(default=15.0, gt=1)
    session_timeout_s: float = Field(default=10.0, ge=6)
    """How long a silent camera stream keeps its partitions."""
    cameras: tuple[str, ...] | None = None
    """Ids of the cameras that may publish; unset = any. A frame of another goes to the dead letters."""
    max_cameras_per_partition: int = Field(default=256, ge=1)
    """Each has a state in memory: a publisher that invents camera ids must not fill it."""
    max_image_bytes: int = Field(default=8 * 1024 * 1024, ge=1)
    max_image_pixels: int = Field(default=40_000_000, ge=1)
    max_image_side: int = Field(default=16_384, ge=1)
    crop_margin: float = Field(default=0.2, ge=0, le=1)
    """How much wider and taller than the box the stored crop is."""
    crop_jpeg_quality: int = Field(default=98, ge=50, le=100)
    """With full colour resolution. At 98 a stored crop embeds again to a cosine of 0.99; at 95 a tenth of them do not."""
    crop_max_height_px: int = Field(default=512, ge=64)
    """Taller crops are stored smaller: no model here sees more rows."""


class StageSettings(_Section):
    """One model stage. ``model`` unset = the only model of that kind in the repositories, or off where there is none."""

    enabled: bool = True
    model: str | None = None
    replicas: int = Field(default=1, ge=1)
    """With stage actors: how many there are, at least."""
    max_replicas: int | None = Field(default=None, ge=1)
    """With stage actors: how many there may be under load; unset = no more than ``replicas``."""
    max_batch_size: int = Field(default=8, ge=1)
    max_wait_ms: float = Field(default=2.0, ge=0)
    """How long a batch waits to fill once its first item is there."""
    num_cpus: float = Field(default=0.0, ge=0)
    """Ray CPUs that a replica reserves."""
    resources: dict[str, float] = {}
    """Ray resources that a replica reserves, and so on which hosts it may run: ``{"stages": 1}``."""

    @property
    def most_replicas(self) -> int:
        """How many replicas there may be at most."""
        return max(self.replicas, self.max_replicas or 0)


class OptionalStageSettings(StageSettings):
    """A stage that frames can go without."""

    until: float = Field(gt=0, le=1)
    """Live mode: the part of ``stream.stale_after_s``, from the frame's time stamp on, by which its answer must be there. A
    frame goes on without what is not; replay mode waits. A model that does not answer in half of that time is off."""


class ScalingSettings(_Section):
    """How the number of a stage's replicas follows its load, between ``replicas`` and ``max_replicas``."""

    calls_per_replica: float = Field(default=4.0, gt=0)
    """Calls that wait or are being answered, for each replica: more make one more, fewer one less."""
    up_after_s: float = Field(default=2.0, ge=0)
    """How long more must be wanted until there are more."""
    down_after_s: float = Field(default=30.0, ge=0)


class PipelineSettings(_Section):
    fused: bool = True
    """Run the stages inside the camera stream's process; false = stage actors that batch across camera streams."""
    detector: StageSettings = StageSettings(max_batch_size=4)
    pose: OptionalStageSettings = OptionalStageSettings(until=0.75)
    dense: OptionalStageSettings = OptionalStageSettings(until=0.5)
    """Gone without before the key points are: it costs more and gives less."""
    embedder: StageSettings = StageSettings()
    scaling: ScalingSettings = ScalingSettings()
    camera_stream_cpus: float = Field(default=0.0, ge=0)
    camera_stream_resources: dict[str, float] = {}
    """Ray resources that a camera stream reserves, and so on which hosts it may run: ``{"streams": 1}``."""
    writer_resources: dict[str, float] = {}
    max_restarts: int = Field(default=-1, ge=-1)
    """How often Ray restarts a dead actor; -1 = always."""


class DetectionSettings(_Section):
    min_score: float = Field(default=0.1, ge=0, le=1)
    """Below it a box is not a detection at all (the tracker still uses faint ones to keep a track)."""
    min_height_px: float = Field(default=24.0, ge=1)
    """Smaller people are not worth an embedding: tracked, never sampled."""


class TrackerSettings(_Section):
    """What a track may be matched with; see ``sightline/stages/tracker.py``."""

    high_score: float = Field(default=0.5, ge=0, le=1)
    new_track_score: float = Field(default=0.5, ge=0, le=1)
    motion_gate: float = Field(default=6.0, gt=0)
    """Squared Mahalanobis distance, four degrees of freedom, up to which a detection can be a track's: 6 lets four of five
    through, and those who step out of their boxes between two frames with them."""
    match_iou: float = Field(default=0.2, ge=0, le=1)
    """A box that overlaps by so much can be the track's as well."""
    colour_weight: float = Field(default=120.0, ge=0)
    """Of the difference of two people's colours (0 to about 1) beside the motion; 0 = colours do not matter."""
    faint_match_iou: float = Field(default=0.5, ge=0, le=1)
    forget_after_s: float = Field(default=2.0, gt=0)
    max_tracks: int = Field(default=512, ge=1)
    """Per camera; beyond it the longest unseen are forgotten."""


class SamplerSettings(_Section):
    """When a track gives a sighting; see ``sightline/stages/sampler.py``."""

    min_quality: float = Field(default=0.2, ge=0, le=1)
    better_by: float = Field(default=1.2, ge=1)
    """A crop this many times better than the track's best is taken before its time."""
    min_gap_s: float = Field(default=0.4, ge=0)
    first_interval_s: float = Field(default=1.0, gt=0)
    interval_growth: float = Field(default=2.0, ge=1)
    """Each sample makes the next wait this many times longer, up to ``max_interval_s``."""
    max_interval_s: float = Field(default=60.0, gt=0)


class WriterSettings(_Section):
    group_id: str = "sightline-writer"
    workers: int = Field(default=1, ge=1, le=64)
    max_batch_size: int = Field(default=256, ge=1)
    max_wait_s: float = Field(default=0.05, gt=0)
    """How long a batch waits to fill once its first sighting is there; meanwhile it is not searchable."""
    session_timeout_s: float = Field(default=10.0, ge=6)
    """How long a silent writer keeps its partitions."""


class ServingSettings(_Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    url: str | None = None
    """Where the HTTP API answers; unset = the local stack."""
    replicas: int = Field(default=1, ge=1)
    resources: dict[str, float] = {}
    """Ray resources that a replica reserves, and so on which hosts it may run: ``{"questions": 1}``."""
    listen_on: Literal["head", "every host"] = "head"
    """Which hosts of a Ray cluster answer at ``host:port``; with every one that has a replica, questions outlive the head."""
    max_upload_bytes: int = Field(default=16 * 1024 * 1024, ge=1)
    max_searches: int = Field(default=16, ge=1)
    """Per replica, in flight; more are told to come back (503 with Retry-After)."""
    min_person_score: float = Field(default=0.3, ge=0, le=1)
    """Fainter detections in a query's picture are not people worth asking about."""
    rerank_top: int = Field(default=200, ge=1, le=2000)
    """How many of the best matches a question with ``rerank`` orders anew; one that asks for more has all of its own."""
    wait_for_optional_s: float = Field(default=1.0, gt=0)
    """How long a question waits for key points and for dense coordinates; it goes on without what is not there by then."""


class MetricsSettings(_Section):
    enabled: bool = True
    host: str = "127.0.0.1"
    prometheus_url: str | None = None
    """``http://host:port`` of the Prometheus that watches all this, for the overview; unset = the local stack's, if any."""
    grafana_url: str | None = None
    """``http://host:port`` of the Grafana that has our dashboards, for links to them; unset = no links."""
    docs_url: str | None = None
    """Where this project can be read, for links to its runbook: ``docs/operations/runbook.md`` is put after it."""


class LocalPorts(_Section):
    """Ports that ``sightline up`` tries first; a taken one is replaced by a free one."""

    kafka: int = 9092
    triton_http: int = 8100
    triton_grpc: int = 8101
    triton_metrics: int = 8102
    milvus: int = 19530
    ray: int = 6379
    prometheus: int = 9090


class LocalSettings(_Section):
    state_dir: Path = Field(default_factory=_default_state_dir)
    """Everything that the local stack keeps: data, logs, models, crops."""
    bind_host: str = "127.0.0.1"
    """Where the local servers listen. Loopback unless you say otherwise."""
    ports: LocalPorts = LocalPorts()
    start_timeout_s: float = Field(default=120.0, gt=0)


class Settings(BaseSettings):
    """The whole tree. Made by :func:`load_settings`; frozen; safe to send to other processes."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, nested_model_default_partial_update=True
    )

    kafka: KafkaSettings = KafkaSettings()
    triton: TritonSettings = TritonSettings()
    milvus: MilvusSettings = MilvusSettings()
    blobs: BlobSettings = BlobSettings()
    ray: RaySettings = RaySettings()
    cores: CoresSettings = CoresSettings()
    stream: StreamSettings = StreamSettings()
    pipeline: PipelineSettings = PipelineSettings()
    detection: DetectionSettings = DetectionSettings()
    tracker: TrackerSettings = TrackerSettings()
    sampler: SamplerSettings = SamplerSettings()
    writer: WriterSettings = WriterSettings()
    serving: ServingSettings = ServingSettings()
    metrics: MetricsSettings = MetricsSettings()
    local: LocalSettings = LocalSettings()

    @property
    def state_dir(self) -> Path:
        """``local.state_dir`` on this machine: ``~`` is the home of whoever runs this process."""
        return self.local.state_dir.expanduser().absolute()

    @property
    def model_repositories(self) -> tuple[Path, ...]:
        """Where models are looked up, the later ones winning; `models add` writes into the last."""
        return self.triton.model_repositories or (PACKAGED_MODELS, self.state_dir / "models")

    @property
    def blobs_url(self) -> str:
        return self.blobs.url or (self.state_dir / "crops").as_uri()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # load_settings() passes the merged files as init values below the environment.
        return (env_settings, init_settings)


def load_settings(config: Path | None = None, **overrides: Any) -> Settings:
    """The settings of this process.

    Args:
        config: a YAML file; unset = ``$SIGHTLINE_CONFIG``, else ``sightline.yaml`` if it is there.
        overrides: sections as nested mappings, over the file and below the environment (used by tests).

    Raises:
        ConfigurationError: a key is unknown, a value is wrong, or the file cannot be read.
    """
    from_file = merge(_from_file(config), overrides)
    first = _validate(from_file)  # where the state folder is, is itself a setting
    folder = first.local.state_dir.expanduser()
    layer = merge(_read_live_models(folder / LIVE_MODELS_FILE), _read_yaml(folder / ENDPOINTS_FILE))
    return _validate(merge(layer, from_file))


def written_settings(config: Path | None = None) -> Settings:
    """The settings as people wrote them: file and environment, without what the running stack and promotions add.

    Raises:
        ConfigurationError: as :func:`load_settings`.
    """
    return _validate(_from_file(config))


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Two nested mappings as one; ``over`` wins. Neither is changed."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def _from_file(config: Path | None) -> dict[str, Any]:
    _refuse_unknown_variables()
    path = config or (Path(os.environ[CONFIG_VARIABLE]) if CONFIG_VARIABLE in os.environ else None)
    if path is not None and not path.is_file():
        raise ConfigurationError(f"the settings file {path} does not exist")
    return _read_yaml(path or DEFAULT_CONFIG_FILE)


def _read_yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return dict(YamlConfigSettingsSource(Settings, yaml_file=path)())
    except (ValueError, TypeError, OSError) as error:
        raise ConfigurationError(f"{path} is not a mapping in YAML: {error}") from error
    except Exception as error:  # yaml.YAMLError: pydantic-settings imports yaml lazily and re-raises its errors
        raise ConfigurationError(f"{path} is not valid YAML: {error}") from error


def _read_live_models(path: Path) -> dict[str, Any]:
    try:
        stages = json.loads(path.read_text()) if path.is_file() else {}
        chosen = {stage: {"model": live["model"]} for stage, live in stages.items()}
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}; `sightline models promote NAME` writes it anew") from error
    return {"pipeline": chosen} if chosen else {}


def _validate(values: dict[str, Any]) -> Settings:
    try:
        return Settings(**values)
    except ValidationError as error:
        raise ConfigurationError(
            "; ".join(_explain(item["type"], item["loc"], item["msg"]) for item in error.errors())
        ) from error


def _explain(kind: str, where: tuple[int | str, ...], message: str) -> str:
    dotted = ".".join(str(part) for part in where)
    if kind != "extra_forbidden":
        return f"setting {dotted}: {message}"
    return f"unknown setting {dotted}{_nearest(where)}"


def _nearest(where: tuple[int | str, ...]) -> str:
    """`` (did you mean …?)`` for an unknown key, from the names that its section has."""
    section: type[BaseModel] = Settings
    for part in where[:-1]:
        annotation = section.model_fields[str(part)].annotation if str(part) in section.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return ""
        section = annotation
    close = difflib.get_close_matches(str(where[-1]), section.model_fields, n=1, cutoff=0.5)
    if close:
        return f" (did you mean {'.'.join([*map(str, where[:-1]), close[0]])}?)"
    return f" (known here: {', '.join(section.model_fields)})"


def _refuse_unknown_variables() -> None:
    for variable in os.environ:
        if variable.startswith(ENV_PREFIX) and variable != CONFIG_VARIABLE:
            path = tuple(variable.removeprefix(ENV_PREFIX).lower().split("__"))
            if path[0] not in Settings.model_fields:
                raise ConfigurationError(f"unknown setting in the environment, {variable}{_nearest(path[:1])}")
