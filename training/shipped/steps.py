"""The steps that make each shipped model: synthetic people, trainings one after the other, the export.

The research data lie in one folder, as its README lays them out: ``market1501/images.tar``, ``cuhk03/images.tar``, ``pose``,
``person_detection/frames.tar``, ``street_camera/camera6.tar``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MARKET, CUHK03, POSE = "market1501/images.tar", "cuhk03/images.tar", "pose"
FRAMES, STREET = "person_detection/frames.tar", "street_camera/camera6.tar"
SYNTHETIC = "synthetic"
"""Stands for the synthetic people of the model's own first step, beside the research data."""


@dataclass(frozen=True, slots=True)
class Training:
    """One run.

    Attributes:
        run: its folder's name.
        settings: of the recipe; what is not named is as the recipe says.
        start_from: name of the run whose weights it begins with; None = at random.
        joints_of: the one of the model's data whose joints are found first, by the key points that ship; None = as they come.
    """

    run: str
    settings: Mapping[str, str]
    start_from: str | None = None
    joints_of: str | None = None


@dataclass(frozen=True, slots=True)
class Shipped:
    """What makes one model.

    Attributes:
        recipe: of all its trainings.
        synthetic: options of ``sightline synthesize``.
        data: what it learns from, in order: files of the research data, and :data:`SYNTHETIC`.
        trainings: one after the other; the last one's weights ship.
        compared_on: the data of the export's gate.
        export: further options of ``sightline models export``.
    """

    recipe: str
    synthetic: tuple[str, ...]
    data: tuple[str, ...]
    trainings: tuple[Training, ...]
    compared_on: str = MARKET
    export: tuple[str, ...] = ()


_CROPS = ("--identities=250", "--crops-each=12", "--cameras=4", "--frames=0", "--test-share=0.06", "--seed=55")

MODELS: Mapping[str, Shipped] = {
    "person_detector": Shipped(
        recipe="person_detector",
        synthetic=("--identities=240", "--frames=1000", "--no-iuv", "--seed=77"),
        data=(FRAMES, STREET, SYNTHETIC),
        trainings=(
            Training("first", {}),
            Training(
                "second",
                {"phases.0.epochs": "14", "phases.0.optimiser.lr": "0.001", "growing": "[[0,256],[9,320]]"},
                start_from="first",
            ),
            Training(
                "third",
                {"phases.0.epochs": "16", "phases.0.optimiser.lr": "0.001", "growing": "[[0,256],[10,320]]"},
                start_from="second",
            ),
        ),
        compared_on=SYNTHETIC,
        export=("--canvas=320",),
    ),
    "keypoints": Shipped(
        recipe="keypoints", synthetic=_CROPS, data=(MARKET, POSE, SYNTHETIC), trainings=(Training("first", {}),)
    ),
    "densepose": Shipped(
        recipe="densepose",
        synthetic=_CROPS,
        data=(SYNTHETIC, MARKET, POSE),
        trainings=(
            Training("first", {"phases.0.epochs": "1"}),
            Training(
                "second",
                {
                    "exact_repeats": "4",
                    "phases.0.epochs": "5",
                    "phases.0.sampling.batch_size": "16",
                    "phases.0.schedule.rise": "0.1",
                },
                start_from="first",
            ),
        ),
    ),
    "reid_sightline": Shipped(
        recipe="embedder",
        synthetic=_CROPS,
        data=(MARKET, CUHK03, SYNTHETIC),
        trainings=(
            Training("first", {}),
            Training(
                "second",
                {
                    "phases.0.epochs": "11",
                    "phases.1.epochs": "3",
                    "phases.0.optimiser.lr": "0.0008",
                    "growing": "[[0,[96,48]],[7,[128,64]]]",
                    "augment.pad": "6",
                    "augment.zoom": "[0.85,1.2]",
                    "augment.stretch": "0.06",
                    "augment.cut_off": "0.1",
                    "augment.channel_gain": "0.15",
                    "augment.colour_jitter": "0.1",
                    "augment.erase": "0.25",
                    "whole_from": "11",
                },
                start_from="first",
                joints_of=CUHK03,
            ),
        ),
    ),
}
"""Name -> how it was made."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command.

    Attributes:
        command: behind ``sightline``.
        made: the file that is there when it has been done; None = it is done each time.
        resumed: the command that goes on where it was cut off, once there is ``kept``; None = it begins anew.
        kept: the file without which there is nothing to go on from.
        beside: a file that is linked beside what is made, before.
    """

    command: tuple[str, ...]
    made: Path | None = None
    resumed: tuple[str, ...] | None = None
    kept: Path | None = None
    beside: Path | None = None


def steps_of(name: str, *, data: Path, runs: Path, repository: Path, threads: int | None = None) -> list[Step]:
    """What makes a model again, in order.

    Args:
        name: of :data:`MODELS`.
        data: the folder of the research data.
        runs: where synthetic people and runs are kept.
        repository: the model repository that the export goes to.
        threads: of the trainings; None = all cores.
    """
    model, home = MODELS[name], runs / name
    synthetic, with_joints = home / SYNTHETIC, home / "with_joints"

    def source(file: str, joints_of: str | None = None) -> str:
        if file == joints_of:
            return str(with_joints / Path(file).name)
        return str(synthetic if file == SYNTHETIC else data / file)

    steps = [Step(("synthesize", f"--output={synthetic}", *model.synthetic), synthetic / "README.md")]
    for training in model.trainings:
        run = home / training.run
        if training.joints_of is not None:
            pictures, joints = data / training.joints_of, with_joints / "keypoints.npz"
            steps.append(Step(("find-joints", str(pictures), str(joints)), joints, beside=pictures))
        sources = [source(file, training.joints_of) for file in model.data]
        command = ["train", f"--recipe={model.recipe}", *(f"--data={each}" for each in sources), f"--output={run}"]
        command += [f"--start-from={home / training.start_from}"] if training.start_from else []
        command += [f"--threads={threads}"] if threads else []
        command += [part for key, value in training.settings.items() for part in ("--set", f"{key}={value}")]
        steps.append(
            Step(
                tuple(command), run / "weights.pt", ("train", "--resume", f"--output={run}"), run / "checkpoints" / "index.json"
            )
        )
    last = home / model.trainings[-1].run
    export = ("models", "export", str(last), f"--name={name}", f"--data={source(model.compared_on)}", *model.export)
    return [*steps, Step((*export, "--terms=research use", f"--folder={repository}"))]
