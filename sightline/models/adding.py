"""Bringing a user's model in, from file to repository: what ``sightline models add`` and the demo do."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.errors import ConfigurationError, NotFoundError
from sightline.models.importer.acceptance import Acceptance
from sightline.models.importer.importing import import_model
from sightline.models.importer.recipe import Recipe, recipe_for
from sightline.models.importer.recognising import recognise
from sightline.models.importer.source import read_source
from sightline.models.pictures import draw_pictures
from sightline.models.repository import InstalledModel, ModelRepository
from sightline.models.triton_config import Batching
from sightline.spec import ModelSpec
from sightline.types import UInt8Array


@dataclass(frozen=True, slots=True)
class AddedModel:
    """The model as it now stands in the repository.

    Attributes:
        model: where it is, and its spec.
        acceptance: what the comparison with the original found.
        changed: False if this very model was there before.
    """

    model: InstalledModel
    acceptance: Acceptance
    changed: bool


def add_model(
    repository: ModelRepository,
    file: Path,
    *,
    recipe: Recipe | None = None,
    name: str | None = None,
    pictures: Sequence[UInt8Array] | None = None,
    batching: Batching | None = None,
    live: Container[str] = (),
) -> AddedModel:
    """Wrap an ONNX file, examine it, and keep it in the repository's last folder. Blocking: seconds.

    Args:
        repository: where it goes.
        file: the user's ONNX file; it is not changed.
        recipe: how to wrap it; unset = recognised from its tensors.
        name: on Triton; unset = by its role. The same name with other content becomes the next version.
        pictures: to compare on; unset = drawn ones.
        batching: on Triton.
        live: names of models that serve now, see :func:`install_model`.

    Raises:
        ModelError: the file is refused; the message says what was expected and what was found.
        ConfigurationError: an embedder of that name is live.
    """
    source = read_source(file)
    recipe = recipe or recipe_for(recognise(source))
    imported = import_model(source, recipe, name=name, pictures=draw_pictures() if pictures is None else pictures)
    model, changed = install_model(repository, imported.spec, imported.onnx, batching=batching, live=live)
    return AddedModel(model, imported.acceptance, changed)


def install_model(
    repository: ModelRepository,
    spec: ModelSpec,
    onnx: bytes,
    *,
    batching: Batching | None = None,
    live: Container[str] = (),
) -> tuple[InstalledModel, bool]:
    """Keep an accepted model in the repository's last folder, as the next version of its name.

    Args:
        repository: where it goes.
        spec: whose version does not count.
        onnx: the file's bytes.
        batching: on Triton.
        live: names of models that serve now. Other weights under the name of a live embedder would serve at once, and their
            vectors be taken for the former ones'.

    Returns:
        The model, and False if this very one was there before.

    Raises:
        ConfigurationError: an embedder of that name is live, and this is another one.
    """
    version, changed = _next_version(repository, spec)
    if changed and spec.kind == "embedder" and spec.name in live:
        raise ConfigurationError(f"{spec.name} is live: give this one another name, then `sightline models promote` that")
    return repository.add(spec.model_copy(update={"version": version}), onnx, batching=batching), changed


def _next_version(repository: ModelRepository, spec: ModelSpec) -> tuple[int, bool]:
    """The version to write, and whether anything is new about it."""
    try:
        present = repository.find(spec.name).spec
    except NotFoundError:
        return 1, True
    if present == spec.model_copy(update={"version": present.version}):
        return present.version, False
    return present.version + 1, True
