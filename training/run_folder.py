"""The folder of a training run, and what is in it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from sightline.adapters.blobs import open_store
from sightline.errors import ConfigurationError
from training.checkpoints import Checkpoints
from training.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class RunFolder:
    """``config.json``, ``metrics.jsonl``, ``train.log``, ``tensorboard/``, ``checkpoints/`` and, at the end, ``weights.pt``.

    Attributes:
        path: absolute.
        checkpoints_url: where the checkpoints are instead, an fsspec URL; None = in the folder.
    """

    path: Path
    checkpoints_url: str | None = None

    @property
    def config(self) -> Path:
        """What the run was told."""
        return self.path / "config.json"

    @property
    def metrics(self) -> Path:
        """Losses and validation, see :mod:`training.metrics_log`."""
        return self.path / "metrics.jsonl"

    @property
    def log(self) -> Path:
        """What the first worker logged."""
        return self.path / "train.log"

    @property
    def tensorboard(self) -> Path:
        """Event files."""
        return self.path / "tensorboard"

    @property
    def weights(self) -> Path:
        """The weights at the end of the run: what is exported. See :mod:`training.trained`."""
        return self.path / "weights.pt"

    def checkpoints(self, *, keep_last: int = 2) -> Checkpoints:
        """The run's checkpoints; nothing is read yet.

        Raises:
            ConfigurationError: no such kind of store is known or installed.
        """
        return Checkpoints(open_store(self.checkpoints_url or str(self.path / "checkpoints")), keep_last=keep_last)

    def write_config(self, values: Mapping[str, Any]) -> None:
        """Keep what the run is told.

        Raises:
            ServiceUnavailable: it cannot be written.
        """
        self._put(self.config, json.dumps(values, indent=2).encode() + b"\n")

    def read_config(self) -> dict[str, Any]:
        """What the run was told.

        Raises:
            ConfigurationError: there is no run in this folder, or its file cannot be understood.
        """
        try:
            values: dict[str, Any] = json.loads(self.config.read_text())
        except FileNotFoundError as error:
            raise ConfigurationError(f"{self.path} holds no training run: there is no {self.config.name}") from error
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{self.config} cannot be read: {error}") from error
        return values

    def write_weights(self, snapshot: Snapshot) -> None:
        """Keep the weights of a snapshot, whole or not at all."""
        file = io.BytesIO()
        torch.save(snapshot.to_mapping(), file)
        self._put(self.weights, file.getvalue())

    def _put(self, path: Path, data: bytes) -> None:
        open_store(str(self.path)).put(path.name, data)
