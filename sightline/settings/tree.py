"""All sections together."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from sightline.settings.machine import CoresSettings, LocalSettings, MetricsSettings
from sightline.settings.pipeline import PipelineSettings
from sightline.settings.servers import BlobSettings, KafkaSettings, MilvusSettings, RaySettings, TritonSettings
from sightline.settings.serving import ServingSettings
from sightline.settings.stream import DetectionSettings, SamplerSettings, StreamSettings, TrackerSettings, WriterSettings

ENV_PREFIX = "SIGHTLINE_"
PACKAGED_MODELS = Path(__file__).resolve().parent.parent.parent / "serving" / "model_repository"


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
