"""``sightline find-joints``: key points for pictures that have none."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from sightline.cli.console import stderr, stdout

_SHOWN = 5


def find_joints(
    pictures: Annotated[Path, typer.Argument(exists=True, help="Folder, .tar or .zip of crops, one person each.")],
    output: Annotated[
        Path, typer.Argument(dir_okay=False, help="The file to write: keypoints.npz beside the pictures is found.")
    ],
    *,
    model: Annotated[str, typer.Option(help="A model of key points, by name or file.")] = "keypoints",
    threads: Annotated[int | None, typer.Option(min=1, help="Unset: all cores.")] = None,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")
    ] = None,
) -> None:
    """Find the joints of the person on each picture, for nets that pool by them: to train and to evaluate on a set without.

    Pictures that cannot be read are named and left out; the exit code is 1 then.

    Examples:

    - `sightline find-joints cuhk03/images.tar cuhk03/keypoints.npz`
    - `sightline find-joints our-people our-people/keypoints.npz`, then `sightline train --recipe embedder --data our-people`
    """
    from sightline.cli.evaluate_plan import unpacked_folder
    from sightline.cli.progress import CountDisplay
    from sightline.decoding import ImageLimits
    from sightline.evaluation.poses.finding import find_joints as find
    from sightline.evaluation.poses.finding import pictures_in, write_joints
    from sightline.evaluation.poses.keypoints_model import load_keypoints
    from sightline.settings import load_settings

    if output.suffix != ".npz":
        raise typer.BadParameter(f"{output}: key points are kept in an .npz file")
    if not output.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {output.absolute().parent}: make it first")
    settings = load_settings(config)
    loaded = load_keypoints(model, settings, threads=threads or settings.cores.total or os.cpu_count() or 1)
    with CountDisplay() as display:
        found = pictures_in(unpacked_folder(pictures, display.report))
        display.report("finding joints", 0, len(found))
        on_picture = partial(display.report, "finding joints", 1, len(found))
        joints = find(loaded, found, limits=ImageLimits.from_settings(settings.stream), on_picture=on_picture)
    write_joints(joints, output, model=f"{loaded.spec.name} {loaded.spec.sha256[:12]}")
    stdout.print(f"Joints of {len(joints.names)} people in {output}", highlight=False, soft_wrap=True)
    for path, reason in joints.unreadable[:_SHOWN]:
        stderr.print(f"[bold red]left out:[/] {escape(str(path))}: {escape(reason)}", highlight=False, soft_wrap=True)
    if joints.unreadable:
        stderr.print(f"{len(joints.unreadable)} of {len(found)} pictures cannot be read", highlight=False)
        raise typer.Exit(1)
