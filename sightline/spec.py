"""ModelSpec: all that the code must know of a model, as versioned JSON beside its weights.

Nothing about a model (size, crop rule, colour order, class names) is inferred from a file's name or set anywhere else.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sightline.errors import ModelError

SPEC_FILE = "spec.json"
"""File name of the spec in a model's folder of a Triton model repository."""

ModelKind = Literal["detector", "keypoints", "densepose", "embedder"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorSpec(_Frozen):
    """One input or output tensor; -1 in ``shape`` is a free dimension, the first is the batch."""

    name: str
    dtype: Literal["uint8", "float32", "int64"]
    shape: tuple[int, ...]


class CropRule(_Frozen):
    """How a person is cut out of a picture for a model.

    Attributes:
        size_hw: height and width of the model's input, pixels.
        expand: how much the box grows first, as a part of its width and height (0.1 = 5 % on each side).
        fit: ``stretch`` to the size, or ``letterbox`` (keep the aspect, fill with grey).
        interpolation: of the resize.
    """

    size_hw: tuple[int, int]
    expand: float = Field(default=0.0, ge=0.0, le=1.0)
    fit: Literal["stretch", "letterbox"] = "stretch"
    interpolation: Literal["bilinear", "area", "cubic"] = "bilinear"


class EmbeddingSpace(_Frozen):
    """Where vectors may meet: two vectors are comparable only if their spaces are equal."""

    model: str
    version: int
    dimension: int
    sha256: str

    @property
    def name(self) -> str:
        """Short, unique, and a legal Milvus collection suffix: ``reid_osnet_v1_512_0123456789ab``."""
        return f"{self.model}_v{self.version}_{self.dimension}_{self.sha256[:12]}"


class ModelSpec(_Frozen):
    """A model's contract.

    Attributes:
        name: its name on Triton: ``person_detector``, ``keypoints``, ``densepose`` or ``reid_<name>``.
        kind: what it does; decides which tensors it must have.
        version: counts up with each new set of weights under the same name.
        inputs, outputs: its tensors, in the contract's names.
        crop: for models that see crops; None for detectors.
        class_names: of a detector's classes; ours find ``person``.
        joints: names of the joints that ``xy`` holds, in its order.
        absent_joints: joints of the canonical skeleton that it is known not to hold.
        attributes: names of the attributes, in the order of the output.
        sha256: of the weights file.
        source: where the weights came from, in words.
        terms: licence or terms of use of the weights.
    """

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: ModelKind
    version: int = Field(default=1, ge=1)
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    crop: CropRule | None = None
    class_names: tuple[str, ...] = ()
    joints: tuple[str, ...] = ()
    absent_joints: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    source: str = ""
    terms: str = ""

    @model_validator(mode="after")
    def _complete(self) -> ModelSpec:
        if (self.kind == "detector") == (self.crop is not None):
            raise ValueError("a detector has no crop rule; every other kind has one")
        return self

    def input(self, name: str) -> TensorSpec:
        """The input tensor of that name.

        Raises:
            ModelError: there is none.
        """
        return _named(self.inputs, name, f"{self.name} has no input")

    def output(self, name: str) -> TensorSpec:
        """The output tensor of that name.

        Raises:
            ModelError: there is none.
        """
        return _named(self.outputs, name, f"{self.name} has no output")

    @property
    def canvas_hw(self) -> tuple[int, int]:
        """Height and width of a detector's letterboxed input, pixels."""
        _, height, width, _ = self.input("image").shape
        return height, width

    @property
    def embedding_space(self) -> EmbeddingSpace:
        """The space of an embedder's vectors."""
        dimension = self.output("embedding").shape[1]
        return EmbeddingSpace(model=self.name, version=self.version, dimension=dimension, sha256=self.sha256)

    def write(self, folder: Path) -> None:
        """Write ``spec.json`` into a model's folder."""
        (folder / SPEC_FILE).write_text(self.model_dump_json(indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> ModelSpec:
        """Read a model folder's ``spec.json``.

        Raises:
            ModelError: it is missing or breaks the schema.
        """
        path = folder / SPEC_FILE
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError as error:
            raise ModelError(f"{path} is missing: add models with `sightline models add`") from error
        except ValidationError as error:
            raise ModelError(f"{path} breaks the ModelSpec schema: {error}") from error


def _named(tensors: tuple[TensorSpec, ...], name: str, otherwise: str) -> TensorSpec:
    for tensor in tensors:
        if tensor.name == name:
            return tensor
    raise ModelError(f"{otherwise} {name!r} (it has {', '.join(t.name for t in tensors) or 'none'})")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
