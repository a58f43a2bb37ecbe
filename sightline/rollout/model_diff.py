"""Two models side by side, by what their specs and cards say."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.models.card import read_card
from sightline.models.repository import InstalledModel
from sightline.spec import TensorSpec

FIGURES = "Figures"
"""The section of a card that says how good a model is."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of both models, in words."""

    what: str
    first: str
    second: str

    @property
    def differs(self) -> bool:
        return self.first != self.second


def spec_lines(first: InstalledModel, second: InstalledModel) -> list[Line]:
    """Everything that tells two models apart, or says that it does not."""
    facts, others = _facts(first), _facts(second)
    return [Line(what, value, others.get(what, "")) for what, value in facts.items()]


def card_figures(model: InstalledModel) -> str:
    """What the model's card says of how good it is; "" where it says nothing."""
    return read_card(model.folder).get(FIGURES, "")


def _facts(model: InstalledModel) -> dict[str, str]:
    spec = model.spec
    crop = "" if spec.crop is None else f"{spec.crop.fit}, expanded {spec.crop.expand:g}, {spec.crop.interpolation}"
    return {
        "kind": spec.kind,
        "version": str(spec.version),
        "sha256": spec.sha256[:12],
        "weights": f"{model.onnx.stat().st_size / 2**20:.2f} MiB" if model.onnx.is_file() else "missing",
        "inputs": _tensors(spec.inputs),
        "outputs": _tensors(spec.outputs),
        "crop": crop,
        "joints": str(len(spec.joints) or ""),
        "attributes": str(len(spec.attributes) or ""),
        "space": spec.embedding_space.name if spec.kind == "embedder" else "",
        "source": spec.source,
        "terms": spec.terms,
    }


def _tensors(tensors: tuple[TensorSpec, ...]) -> str:
    return ", ".join(f"{tensor.name} {tensor.dtype} {list(tensor.shape[1:])}" for tensor in tensors)
