"""Which models work for the stream, where, and how many at once."""

from __future__ import annotations

from pydantic import Field

from sightline.settings.section import Section


class StageSettings(Section):
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
    resources: dict[str, float] = Field(default_factory=dict)
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


class ScalingSettings(Section):
    """How the number of a stage's replicas follows its load, between ``replicas`` and ``max_replicas``."""

    calls_per_replica: float = Field(default=4.0, gt=0)
    """Calls that wait or are being answered, for each replica: more make one more, fewer one less."""
    up_after_s: float = Field(default=2.0, ge=0)
    """How long more must be wanted until there are more."""
    down_after_s: float = Field(default=30.0, ge=0)


class PipelineSettings(Section):
    fused: bool = True
    """Run the stages inside the camera stream's process; false = stage actors that batch across camera streams."""
    detector: StageSettings = StageSettings(max_batch_size=4)
    pose: OptionalStageSettings = OptionalStageSettings(until=0.75)
    dense: OptionalStageSettings = OptionalStageSettings(until=0.5)
    """Gone without before the key points are: it costs more and gives less."""
    embedder: StageSettings = StageSettings()
    scaling: ScalingSettings = ScalingSettings()
    camera_stream_cpus: float = Field(default=0.0, ge=0)
    camera_stream_resources: dict[str, float] = Field(default_factory=dict)
    """Ray resources that a camera stream reserves, and so on which hosts it may run: ``{"streams": 1}``."""
    writer_resources: dict[str, float] = Field(default_factory=dict)
    max_restarts: int = Field(default=-1, ge=-1)
    """How often Ray restarts a dead actor; -1 = always."""
