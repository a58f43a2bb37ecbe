"""The two yardstick nets on a test's Triton."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

from sightline.adapters.triton import TritonAdmin
from sightline.models.adding import add_model
from sightline.models.repository import ModelRepository
from sightline.settings import Settings


def with_yardsticks(settings: Settings, shared_dir: Path) -> Settings:
    """The two nets on Triton, under names that no other test has."""
    own = uuid.uuid4().hex[:6]
    repository = ModelRepository(settings.model_repositories)
    names = {"detector": f"person_detector_{own}", "embedder": f"reid_osnet_{own}"}
    add_model(repository, shared_dir / "weights" / "yolox_nano_416.onnx", name=names["detector"])
    add_model(repository, shared_dir / "weights" / "osnet_x0_25_msmt17.onnx", name=names["embedder"])

    async def load() -> None:
        async with TritonAdmin(settings.triton) as admin:
            for name in names.values():
                await admin.load(name)

    asyncio.run(load())
    stages = {stage: getattr(settings.pipeline, stage).model_copy(update={"model": name}) for stage, name in names.items()}
    return settings.model_copy(update={"pipeline": settings.pipeline.model_copy(update=stages)})
