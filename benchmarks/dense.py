"""How good our dense coordinates are on people whom the net did not learn, and what a crop costs.

python -m benchmarks.dense                        makes the synthetic people first: some three minutes on one core
python -m benchmarks.dense --synthetic FOLDER     on people made before, see PEOPLE
python -m benchmarks.dense --picture people.jpg   draws some of them as well
"""

from __future__ import annotations

import statistics
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.arguments import output_folder, parser, shared
from benchmarks.machine import machine_facts
from benchmarks.reporting import Cell, Report, Table, say
from sightline.body_model.parts import PARTS
from sightline.cameras.synthetic.synthesis import Synthesis, synthesize
from sightline.decoding import ImageLimits, decode_image
from sightline.evaluation.dense_figures import DenseFigures, dense_figures
from sightline.geometry import crop
from sightline.models.repository import InstalledModel, ModelRepository
from sightline.models.session import OnnxSession
from sightline.settings import PACKAGED_MODELS
from sightline.types import DenseCoordinates, Float32Array, UInt8Array
from training.augment.iuv_resize import resized_iuv
from training.data.samples import dense_coordinates

METHOD = """\
Synthetic people are of another seed than those that the net learnt from; their coordinates are exact. Clothing photos
(Clothing Co-Parsing) are real; a person is every label but the background, with bags, hats and loose clothes, which are no
part of a body; each is cut out by the box of that mask, a twentieth larger on each side. Crops are stretched to the model's
256x128; maps are compared cell by cell, over all cells of all crops at once. Part IoU is the mean over the 24 parts, u and v
errors are of the cells whose part is right, in parts of 1. The model runs in ONNX Runtime, one crop at a time on one core;
milliseconds are of the processor's time."""

PEOPLE = Synthesis(identities=40, crops_each=8, cameras=4, seed=4242, test_share=0.9, frames=0)
MARGIN = 0.05
QUICK = 8

_LIMITS = ImageLimits(max_bytes=64 * 2**20, max_pixels=40_000_000, max_side=16_384)
_PALETTE = np.array(
    [(67 * part % 200 + 55, 131 * part % 200 + 55, 199 * part % 200 + 55) for part in range(len(PARTS))], np.uint8
)


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A crop at the model's size, uint8 RGB (H, W, 3), and its truth at that of the maps, uint8 (h, w, 3)."""

    image: UInt8Array
    iuv: UInt8Array


class Net:
    """The shipped model, one crop at a time."""

    def __init__(self, model: InstalledModel) -> None:
        rule = model.spec.crop
        assert rule is not None, "every model of crops has one"
        self.rule = rule
        _, height, width = model.spec.output("part").shape
        self.map_hw = (height, width)
        self._session = OnnxSession.open(model.onnx, name=model.spec.name, threads=1)
        self.milliseconds: list[float] = []

    def __call__(self, image: UInt8Array) -> DenseCoordinates:
        began = time.process_time()
        outputs = self._session.run({"crop": image[None]})
        self.milliseconds.append(1e3 * (time.process_time() - began))
        return DenseCoordinates(outputs["part"], outputs["u"], outputs["v"])


def synthetic_people(folder: Path, net: Net) -> Iterator[Labelled]:
    """Every crop of a made-up set, in order of its name."""
    for path in sorted(folder.glob("*/*.jpg")):
        iuv = decode_image((folder / "iuv" / f"{path.stem}.png").read_bytes(), limits=_LIMITS)
        image = decode_image(path.read_bytes(), limits=_LIMITS)
        yield Labelled(_whole(image, net), resized_iuv(iuv, net.map_hw))


def clothing_photos(net: Net) -> Iterator[Labelled]:
    """Real people and their masks: part 1 stands for any."""
    with tarfile.open(shared("data", "clothing", "masks.tar")) as archive:
        names = sorted(member.name for member in archive if member.name.endswith(".jpg"))
        for name in names:
            image, mask = (_read(archive, each) for each in (name, name.replace(".jpg", ".png")))
            if not mask.any():  # a photo that nobody labelled
                continue
            left, top, right, bottom = _box(mask[..., 0] > 0)
            cut = np.where(mask[top:bottom, left:right, :1] > 0, (1, 0, 0), (0, 0, 0)).astype(np.uint8)
            yield Labelled(_whole(image[top:bottom, left:right], net), resized_iuv(cut, net.map_hw))


def _read(archive: tarfile.TarFile, name: str) -> UInt8Array:
    file = archive.extractfile(name)
    assert file is not None, "it was listed"
    return decode_image(file.read(), limits=_LIMITS)


def _box(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is covered, a margin larger."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    down, across = (round(MARGIN * (each[-1] + 1 - each[0])) for each in (rows, columns))
    left, top = max(0, columns[0] - across), max(0, rows[0] - down)
    return int(left), int(top), int(columns[-1] + 1 + across), int(rows[-1] + 1 + down)


def _whole(image: UInt8Array, net: Net) -> UInt8Array:
    box: Float32Array = np.array([0, 0, image.shape[1], image.shape[0]], np.float32)
    return crop(image, box, net.rule)


def scored(
    name: str, people: Iterator[Labelled], net: Net, limit: int | None
) -> tuple[DenseFigures, list[Labelled], DenseCoordinates]:
    """The figures of a set, its first crops and what the net says of them all."""
    kept = [each for _, each in zip(range(limit or 10**9), people, strict=False)]
    say(f"{name}: {len(kept)} crops")
    found = [net(each.image) for each in kept]
    got = DenseCoordinates(*(np.concatenate([getattr(each, field) for each in found]) for field in ("part", "u", "v")))
    return dense_figures(dense_coordinates(np.stack([each.iuv for each in kept])), got), kept, got


def sheet(people: list[Labelled], got: DenseCoordinates, *, count: int = 10) -> UInt8Array:
    """Crops evenly out of a set: each beside its true parts and those that were found."""
    chosen = np.linspace(0, len(people) - 1, min(count, len(people))).astype(int)
    tiles = [
        np.concatenate([people[row].image, *(_coloured(part) for part in (people[row].iuv[..., 0], got.part[row]))], axis=1)
        for row in chosen
    ]
    half = -(-len(tiles) // 2)
    blank = np.zeros_like(tiles[0])
    rows = [tiles[:half], tiles[half:] + [blank] * (2 * half - len(tiles))]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)


def _coloured(part: UInt8Array) -> UInt8Array:
    colours = np.where(part[..., None] > 0, _PALETTE[part], np.uint8(255))
    return np.asarray(cv2.resize(colours, (128, 256), interpolation=cv2.INTER_NEAREST), np.uint8)


def row(name: str, found: DenseFigures, *, parts: bool) -> tuple[Cell, ...]:
    """Of the table; a set of masks alone says nothing of parts."""
    of_parts = (100 * found.part_iou, found.u_error, found.v_error) if parts else ("", "", "")
    return (name, found.crops, *of_parts, 100 * found.background_iou, 100 * found.person_iou)


def main() -> None:
    """Run it."""
    arguments_parser = parser(__doc__)
    arguments_parser.add_argument("--synthetic", type=Path, help="a folder that `sightline synthesize` made as PEOPLE says")
    arguments_parser.add_argument("--picture", type=Path, help="where to draw some of the synthetic people")
    arguments = arguments_parser.parse_args()
    machine = machine_facts()
    net = Net(ModelRepository([PACKAGED_MODELS]).find("densepose"))
    limit = QUICK if arguments.quick else None
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as folder:
        made = arguments.synthetic or Path(folder) / "people"
        if arguments.synthetic is None:
            synthesize(made, PEOPLE, on_progress=lambda what, done, total: None)
        synthetic, people, got = scored("synthetic people", synthetic_people(made, net), net, limit)
    if arguments.picture is not None:
        cv2.imwrite(str(arguments.picture), sheet(people, got)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    clothing, _, _ = scored("clothing photos", clothing_photos(net), net, limit)
    columns = ("people", "crops", "part IoU %", "u error", "v error", "background IoU %", "person IoU %")
    rows = [row("synthetic, held out", synthetic, parts=True), row("clothing photos", clothing, parts=False)]
    cost = statistics.median(net.milliseconds)
    Report(
        name="dense",
        title="Dense coordinates of crops",
        method=METHOD,
        tables=[Table("Figures", columns, rows), Table("Cost", ("step", "ms a crop"), [("the shipped model", cost)])],
        machine=machine,
        figures={"part_iou": synthetic.part_iou, "person_iou_real": clothing.person_iou, "ms": cost},
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
