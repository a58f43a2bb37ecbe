"""What `sightline evaluate` is told, and what it works with: the pictures, and the model that embeds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.cli.training_extra import training_installed
from sightline.errors import ConfigurationError
from sightline.evaluation.detection.layouts import is_detection_set
from sightline.evaluation.market_layout import LabelledFolder, is_market_layout, read_market_layout

if TYPE_CHECKING:
    from sightline.attribute_table import AttributeTable
    from sightline.evaluation.embedded import Embedder, ModelFacts
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


def people_in(data: Path, *, any_layout: bool, progress: Progress) -> tuple[LabelledFolder, tuple[Path, ...]]:
    """Queries and gallery, and the folders where annotations of them may lie.

    Args:
        data: a folder, or an archive, which is unpacked once, into the cache; or a folder that holds an archive alone.
        any_layout: whether other layouts than Market-1501's will do: all that training reads, with its default split.
        progress: hears what is being done.

    Raises:
        ConfigurationError: it is neither folder nor archive, cannot be unpacked, or is laid out otherwise.
    """
    folder = unpacked_folder(data, progress)
    if any_layout and data.exists() and not is_market_layout(folder):
        with training_installed(f"reading a data set such as {data}"):
            from training.labelled_people import labelled_people

            folder, people = labelled_people(folder)
    else:
        people = read_market_layout(folder)
    return people, (data,) if folder == data else (data, folder)


def detection_folder(data: Path, *, progress: Progress) -> Path | None:
    """The folder of a set of labelled frames, unpacked where it is an archive; None = the data are of another kind.

    What `sightline synthesize` writes is of both kinds: it is people to be found again, its ``detection/`` are frames.
    """
    folder = unpacked_folder(data, progress)
    return folder if folder.is_dir() and not is_market_layout(folder) and is_detection_set(folder) else None


def unpacked_folder(data: Path, progress: Progress) -> Path:
    """The folder of a data set, unpacked once into the cache where it is an archive.

    Raises:
        ConfigurationError: it is a file of another kind, or the archive is broken.
    """
    from training.data.archives import archive_at, unpacked
    from training.data.cache import default_cache

    archive = archive_at(data) if data.exists() else None
    if archive is None:
        return data
    progress(f"unpacking {archive.name}", 0, 0)
    folder = unpacked(archive, default_cache())
    inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__"))]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def attributes_of(model: ModelFacts, file: Path | None, places: tuple[Path, ...]) -> AttributeTable | None:
    """What is known of the people, where the model tells attributes; None = it tells none, or nobody labelled them.

    Raises:
        ConfigurationError: the file is missing or no table of attributes, or was named for a model that tells none.
    """
    from sightline.attribute_table import read_attributes
    from sightline.evaluation.keypoints_file import find_beside

    if not model.attributes:
        if file is not None:
            raise ConfigurationError(
                f"{model.name} tells no attributes: leave out --attributes; trained weights tell theirs when they are exported "
                "(`sightline models export`)"
            )
        return None
    path = file or find_beside(places, "attributes.csv")
    return None if path is None else read_attributes(path)


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
