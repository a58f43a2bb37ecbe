"""Trained systems from their weights to the stream: exported, gated, served by Triton, each into a collection of its own.

``python -m benchmarks.systems runs/djl runs/joint_loss … [--quick]``. Each RUN is what ``sightline train`` left. 700 frames of
Market-1501's camera 6 go through real Kafka, Triton, actors and Milvus; crops of the same people from cameras 1 to 5 ask. The
table is written after each run; systems that are not named keep the rows that they had.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arguments import output_folder, parser, shared
from benchmarks.machine import machine_facts
from benchmarks.product import running
from benchmarks.real_frames import install_yardsticks
from benchmarks.reporting import Cell, Report, Table, say
from benchmarks.street_camera import unpack_frames
from benchmarks.street_run import Scored, score, street_sightings
from sightline.adapters.milvus.gallery import MilvusGallery
from sightline.adapters.triton import TritonInference
from sightline.errors import ModelError
from sightline.models.adding import install_model
from sightline.models.repository import ModelRepository
from sightline.models.selection import SelectedModels, select_models
from sightline.models.session import OnnxSession
from sightline.settings import Settings
from training.data.config import DataConfig
from training.export.candidate import Candidate, Wanted, candidate
from training.export.gate import Finding
from training.export.gate_data import read_gate_data
from training.export.session_inputs import batches
from training.trained import AnyTrained, read_any_trained

NAME = "systems"
LEAST_SCORE = 0.3
"""Of the detections that make the gallery."""
QUICK_FRAMES = 40
_CROPS, _QUICK_CROPS = 64, 8
_WRITTEN_S, _BATCH = 60.0, 200

COLUMNS = (
    "system",
    "epochs",
    "rank-1 / mAP offline, %",
    "rank-1 / mAP in the stream, %",
    "sightings",
    "recall, %",
    "ms a crop",
    "MiB",
    "load before",
    "day",
)
GATE_COLUMNS = ("system", "comparison")

Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """A system that went all the way.

    Attributes:
        recipe: by which it was trained.
        epochs: of all its phases.
        offline: rank-1 and mAP of the run's own validation, parts of 1.
        scored: in the stream.
        searchable: sightings in its collection.
        ms_a_crop: of ONNX Runtime on one thread, without Kafka, Triton or the pose.
        mib: of its weights.
        gate: what the comparisons said.
        beside: names of the models that it ran with.
        load, day: how busy the machine was before, and when it was.
    """

    recipe: str
    epochs: int
    offline: tuple[float | None, float | None]
    scored: Scored
    searchable: int
    ms_a_crop: float
    mib: float
    gate: tuple[str, ...]
    beside: tuple[str, ...]
    load: Cell
    day: Cell

    def row(self) -> tuple[Cell, ...]:
        """Of the table."""
        ranking = self.scored.ranking
        return (
            self.recipe,
            self.epochs,
            _pair(*self.offline),
            _pair(float(ranking.cmc[0]), ranking.mean_ap),
            self.searchable,
            100 * self.scored.recall.rate,
            self.ms_a_crop,
            self.mib,
            self.load,
            self.day,
        )


def main() -> None:
    """Serve each and write the table."""
    arguments = _parser().parse_args()
    folder = output_folder(arguments)
    # Read before anything is measured: a table that cannot be read costs no measurement.
    earlier, earlier_gate = earlier_rows(folder, 0, COLUMNS), earlier_rows(folder, 1, GATE_COLUMNS)
    served: list[Served] = []
    for run in arguments.runs:
        served.append(_serve(run, quick=arguments.quick))
        _report(served, earlier, earlier_gate).publish(folder)


def _parser() -> argparse.ArgumentParser:
    made = parser(__doc__)
    made.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="a run's folder, its weights.pt, or a checkpoint")
    return made


def _serve(run: Path, *, quick: bool) -> Served:
    facts, trained = machine_facts(), read_any_trained(run)
    market = shared("data", "market1501", "images.tar")
    say(f"exporting {trained.recipe.name}")
    name = "reid_" + re.sub(r"[^a-z0-9]+", "_", trained.recipe.name.lower())
    model = candidate(trained, Wanted(name, market, _QUICK_CROPS if quick else _CROPS, terms="research use"))

    def install(repository: ModelRepository) -> None:
        install_yardsticks(repository)
        repository.remove("reid_osnet_x0_25_msmt17")
        install_model(repository, model.spec, model.onnx)

    with tempfile.TemporaryDirectory(prefix="sl-street-") as folder, running(install=install) as product:
        frames = unpack_frames(shared("data", "street_camera", "camera6.tar"), Path(folder))
        for unused in frames[QUICK_FRAMES:] if quick else []:
            unused.unlink()
        settings = product.run(stream={"mode": "replay", "sample": "all"})
        gate = [finding.describe() for finding in (*model.findings, *asyncio.run(_on_triton(settings, model)))]
        sightings = street_sightings(settings, Path(folder))
        [scored] = score(settings, sightings, frames, least_scores=(LEAST_SCORE,))
        models = select_models(settings)
        searchable = _searchable(settings, models, [one.sighting_id for one in sightings])
    return Served(
        recipe=trained.recipe.name,
        epochs=sum(phase.epochs for phase in trained.recipe.phases),
        offline=_offline(trained),
        scored=scored,
        searchable=searchable,
        ms_a_crop=_ms_a_crop(model, market),
        mib=len(model.onnx) / 2**20,
        gate=tuple(gate),
        beside=tuple(each for each in models.names if each != name),
        load=facts["load average before (1 min)"],
        day=facts["day"],
    )


async def _on_triton(settings: Settings, model: Candidate) -> Sequence[Finding]:
    """The gate's last comparison.

    Raises:
        ModelError: Triton does not give what ONNX Runtime gives.
    """
    inference = TritonInference(settings.triton)
    await inference.open()
    try:
        findings = await model.compare_on(inference)
    finally:
        await inference.close()
    if not all(finding.passed for finding in findings):
        raise ModelError("; ".join(finding.describe() for finding in findings))
    return findings


def _searchable(settings: Settings, models: SelectedModels, sighting_ids: Sequence[str]) -> int:
    """How many sightings the system's own collection holds, when the writer has written them."""
    space = models.embedder.spec.embedding_space
    gallery = MilvusGallery.open(settings.milvus, space=space.name, dimension=space.dimension)
    end_s = time.monotonic() + _WRITTEN_S
    while True:
        parts = (sighting_ids[first : first + _BATCH] for first in range(0, len(sighting_ids), _BATCH))
        there = sum(len(gallery.get(part)) for part in parts)
        if there == len(sighting_ids) or time.monotonic() > end_s:
            return there
        time.sleep(1.0)


def _offline(trained: AnyTrained) -> tuple[float | None, float | None]:
    return trained.figures.get("rank1"), trained.figures.get("mean_ap")


def _ms_a_crop(model: Candidate, market: Path) -> float:
    """The fastest of three rounds over real crops."""
    session = OnnxSession.open(model.onnx, name=model.spec.name)
    assert model.spec.crop is not None, "embedders have a crop rule: ModelSpec checks it"
    crops = read_gate_data(DataConfig(path=market), model.spec.crop.size_hw, limit=_CROPS).compared
    inputs = list(batches(crops, with_keypoints=len(model.spec.inputs) > 1))
    rounds = []
    for _ in range(3):
        begin_s = time.perf_counter()
        for batch in inputs:
            session.run(batch)
        rounds.append(time.perf_counter() - begin_s)
    return 1000 * min(rounds) / len(crops.images)


def _pair(first: float | None, second: float | None) -> str:
    return "" if first is None or second is None else f"{100 * first:.1f} / {100 * second:.1f}"


def _names(models: Sequence[str]) -> str:
    """Whose the detector is: one that is added has the name of ours."""
    return ", ".join("YOLOX-nano" if name == "person_detector" else name for name in models)


def _report(served: Sequence[Served], earlier: Sequence[Row], earlier_gate: Sequence[Row]) -> Report:
    """Of these, and of the systems in earlier rows that are not among them."""
    rows = [one.row() for one in served]
    gate: list[Row] = [(one.recipe, said) for one in served for said in one.gate]
    anew = {one.recipe for one in served}
    return Report(
        name=NAME,
        title="The papers' systems in the stream",
        method=(
            "Each system's weights are exported, compared (torch, ONNX Runtime, Triton) on real crops, and embed what the "
            f"stream sees of Market-1501's camera 6, a frame a second, beside {_names(served[0].beside)}; each into a "
            "collection of its own. Offline: the run's own validation on Market-1501-dev. In the stream: crops of cameras 1 "
            f"to 5 ask for detections from a score of {LEAST_SCORE}. The two have other galleries: compare rows, not columns."
        ),
        tables=(
            Table("Systems", COLUMNS, of_others(earlier, anew) + rows),
            Table("The gate", GATE_COLUMNS, of_others(earlier_gate, anew) + gate),
        ),
        machine=machine_facts(),
    )


def of_others(rows: Sequence[Row], anew: set[str]) -> list[Row]:
    """The rows of the systems that are not measured anew."""
    return [row for row in rows if row[0] not in anew]


def earlier_rows(folder: Path | None, table: int, columns: Sequence[str]) -> list[Row]:
    """Rows of the report in a folder, empty where they lack a column; none without a report."""
    file = folder / f"{NAME}.json" if folder else None
    if file is None or not file.is_file():
        return []
    rows = json.loads(file.read_text())["tables"][table]["rows"]
    return [tuple(row.get(column) for column in columns) for row in rows]


if __name__ == "__main__":
    main()
