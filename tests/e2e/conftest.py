"""The whole product on real servers: Kafka, Triton, Milvus and Ray, with the two yardstick models, on real video."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.product_run import Run

from sightline.adapters.kafka.admin import create_topics
from sightline.models.adding import add_model
from sightline.models.repository import ModelRepository
from sightline.settings import load_settings, merge


@dataclass
class Product:
    """Servers that tests may kill, and the models that they have."""

    servers: Any
    models: Path

    def run(self, **overrides: Any) -> Run:
        """A run with names of its own."""
        prefix = f"t{uuid.uuid4().hex[:8]}-"
        own: dict[str, Any] = {
            "local": {"state_dir": Path(tempfile.mkdtemp(prefix="run-", dir=self.servers.root))},
            "kafka": {"topic_prefix": prefix, "partitions": 4},
            "milvus": {"collection_prefix": prefix.replace("-", "_") + "sightings"},
            "ray": {"namespace": prefix},
            "stream": {"mode": "replay", "session_timeout_s": 6, "transaction_timeout_s": 5},
        }
        reach = self.servers.addresses(("kafka", "triton", "milvus-standalone", "ray"))
        settings = load_settings(**merge(merge(own, reach), overrides))
        create_topics(settings)
        return Run(settings, self.servers)


@pytest.fixture(scope="session")
def product(shared_dir: Path, private_servers: Any) -> Product:
    """The servers, with detector and embedder loaded."""
    models = private_servers.root / "triton" / "models"
    for file in ("yolox_nano_416.onnx", "osnet_x0_25_msmt17.onnx"):
        add_model(ModelRepository([models]), shared_dir / "weights" / file)
    return Product(private_servers, models)


@pytest.fixture(scope="module")
def rooms(shared_dir: Path) -> dict[str, Path]:
    """Two cameras in one room."""
    return {
        name: shared_dir / "data" / "video" / f"{name.replace('-', '_')}.mp4" for name in ("room-camera-a", "room-camera-b")
    }
