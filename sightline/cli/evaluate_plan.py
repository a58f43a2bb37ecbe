"""What `sightline evaluate` is told, and what it works with: the pictures, and the model that embeds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.cli.training_extra import training_installed

if TYPE_CHECKING:
    from sightline.evaluation.embedded import Embedder
    from sightline.evaluation.embedding_options import EmbeddingOptions
    from sightline.evaluation.insides import Insides
    from sightline.evaluation.running import Progress
    from sightline.settings import Settings

_WEIGHTS_SUFFIXES = frozenset({".pt", ".pth"})
_OF_A_RUN = ("config.json", "weights.pt")


@dataclass(frozen=True, slots=True)
class Model:
    """A model, loaded.

    Attributes:
        embedder: it embeds.
        insides: it can be looked into; None = not, as an ONNX model.
    """

    embedder: Embedder
    insides: Insides | None = None


def data_folder(data: Path, progress: Progress) -> Path:
    """The folder that was named, or what the archive that was named, or lies in it alone, holds: unpacked once, into the cache.

    Raises:
        ConfigurationError: it is neither folder nor archive, or cannot be unpacked.
    """
    from training.data.archives import archive_at, unpacked
    from training.data.cache import default_cache

    archive = archive_at(data) if data.exists() else None
    if archive is None:
        return data
    progress(f"unpacking {archive.name}", 0, 0)
    folder = unpacked(archive, default_cache())
    inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__"))]
    return inside[0] if len(inside) == 1 else folder


def is_trained(model: str) -> bool:
    """Whether it names what a training run left: weights, a checkpoint, or the run's folder."""
    path = Path(model)
    return path.suffix in _WEIGHTS_SUFFIXES or any((path / name).is_file() for name in _OF_A_RUN)


def loaded_model(model: str, options: EmbeddingOptions, settings: Settings, *, device: str | None) -> Model:
    """Load an ONNX model or trained weights. Blocking.

    Raises:
        ConfigurationError: there is none such, its key points are missing, or trained weights need the extra ``training``.
        InputError, ModelError: the file is none.
    """
    if not is_trained(model):
        from sightline.evaluation.onnx_embedder import onnx_embedder

        return Model(onnx_embedder(model, options, settings))
    with training_installed("evaluating trained weights"):
        from training.trained_embedder import trained_embedder
        from training.trained_insides import TrainedInsides

        embedder = trained_embedder(Path(model), options, device=device)
    return Model(embedder, TrainedInsides(embedder))
