"""A trained system as an evaluation's embedder: it sees pictures as it saw them in its validation.

Legend: P pictures, N of a batch, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from sightline.errors import InputError
from sightline.evaluation.embedded import Corrupt, EmbeddedPictures, ModelFacts, embedded, finite
from sightline.evaluation.embedding_options import EmbeddingOptions
from sightline.evaluation.keypoints_file import find_keypoints, no_keypoints
from sightline.evaluation.market_layout import LabelledPicture
from sightline.keypoint_table import KeypointTable, read_keypoints
from sightline.types import Float32Array
from training.data.evaluation_set import EvaluationPart
from training.data.opening import evaluated
from training.data.readers.stream_crops import is_stream_crops, read_stream_keypoints
from training.data.reading import Memory, StoredPicture, read_each
from training.data.records import Picture
from training.data.samples import Samples
from training.embedding import embed_all
from training.net_input import net_input
from training.trained import TrainedSystem, read_trained
from training.world import chosen_device

_KEPT_BYTES = 2**30
"""For the decoded pictures of one batch: more than any batch has."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainedEmbedder:
    """An :class:`~sightline.evaluation.embedded.Embedder` of a system, with what a recipe says of its pictures.

    Attributes:
        trained: the system, on ``device``.
        flip: add the features of the mirrored pictures.
        device: where it computes.
        keypoints: of the pictures; None = the system needs none.
        batch_size: pictures a run.
        skip_corrupt: leave out pictures that cannot be decoded.
    """

    trained: TrainedSystem
    flip: bool
    device: torch.device
    keypoints: KeypointTable | None = None
    batch_size: int = 32
    skip_corrupt: bool = False

    @property
    def facts(self) -> ModelFacts:
        """Recipe, weights file and step."""
        return ModelFacts(self.trained.recipe.name, self.trained.sha256, step=self.trained.step)

    def embed(self, pictures: Sequence[LabelledPicture], report: Callable[[int], None]) -> EmbeddedPictures:
        """See :class:`~sightline.evaluation.embedded.Embedder`."""
        kept: list[LabelledPicture] = []
        corrupt: list[Corrupt] = []
        features = [np.zeros((0, self.trained.system.embedding_dim), np.float32)]
        for start in range(0, len(pictures), self.batch_size):
            batch = pictures[start : start + self.batch_size]
            good, stored = _read(batch, corrupt)
            if good and (self.skip_corrupt or not corrupt):  # after a corrupt one the others are only counted
                features.append(finite(self._embed(self.seen(stored)), good, self.facts.name))
                kept += good
            report(len(batch))
        known = self.keypoints
        without = 0 if known is None else sum(picture.name not in known for picture in kept)
        every = np.concatenate(features)
        return embedded(kept, every, corrupt, without_keypoints=without, skip_corrupt=self.skip_corrupt)

    def seen(self, stored: Sequence[StoredPicture]) -> EvaluationPart:
        """Pictures as the system sees them at test, with what it needs of them, in one batch."""
        trained, known = self.trained, self.keypoints
        names, sizes = [each.picture.name for each in stored], [each.size_wh for each in stored]
        samples = Samples(stored, None if known is None else known.of(names, sizes))
        net = replace(net_input(trained.recipe, trained.system), test_batch=self.batch_size)
        return evaluated(samples, net)

    def _embed(self, part: EvaluationPart) -> Float32Array:
        trained = self.trained
        every = np.arange(len(part))
        precision = trained.recipe.precision
        return embed_all(trained.system, [part.inputs(every)], flip=self.flip, precision=precision, device=self.device)


def trained_embedder(path: Path, options: EmbeddingOptions, *, device: str | None = None) -> TrainedEmbedder:
    """The system of a training run's weights, ready to embed; from now on torch computes with so many threads.

    Args:
        path: as :func:`training.trained.read_trained` takes it.
        options: how to embed; without a word about mirror images, as the recipe says.
        device: cpu, cuda or cuda:N; None = a GPU if there is one.

    Raises:
        ConfigurationError: there are no such weights, no such device, or key points are needed and missing.
        InputError: the file is no checkpoint.
    """
    where = torch.device(chosen_device(device))
    torch.set_num_threads(options.threads)
    trained = read_trained(path)
    trained.system.to(where)
    return TrainedEmbedder(
        trained,
        trained.recipe.test_flip if options.flip is None else options.flip,
        where,
        keypoints=keypoints_for(trained, options),
        batch_size=options.batch_size,
        skip_corrupt=options.skip_corrupt,
    )


def keypoints_for(trained: TrainedSystem, options: EmbeddingOptions) -> KeypointTable | None:
    """Key points, if the system needs them (part images do too: bodies are fitted to them); else None.

    Raises:
        ConfigurationError: they are needed and missing, or their file is not as expected.
    """
    if not trained.system.embedding_needs:
        return None
    path = options.keypoints or find_keypoints(options.places)
    table = read_keypoints(path) if path is not None else _of_the_stream(options.places)
    if table is None:
        raise no_keypoints(trained.recipe.name, options.places)
    return table


def _of_the_stream(places: Iterable[Path]) -> KeypointTable | None:
    """Those that were exported with the stream's crops."""
    exports = [place for place in places if is_stream_crops(place)]
    return read_stream_keypoints(exports[0]) if exports else None


def read_pictures(pictures: Sequence[LabelledPicture]) -> list[StoredPicture | InputError]:
    """Pictures, read; or why they cannot be."""
    asked = [Picture(each.path, each.pid, each.camid, each.known_as, each.box_xywh) for each in pictures]
    return read_each(asked, memory=Memory(_KEPT_BYTES))


def _read(pictures: Sequence[LabelledPicture], corrupt: list[Corrupt]) -> tuple[list[LabelledPicture], list[StoredPicture]]:
    """The pictures that can be decoded, read; the others are added to ``corrupt``."""
    good, stored = [], []
    for picture, found in zip(pictures, read_pictures(pictures), strict=True):
        if isinstance(found, StoredPicture):
            good.append(picture)
            stored.append(found)
        else:
            corrupt.append(Corrupt(picture, str(found.__cause__ or found)))
    return good, stored
