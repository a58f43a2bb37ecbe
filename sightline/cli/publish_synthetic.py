"""The synthetic cameras of `sightline publish`."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path

import typer

from sightline.cameras.options import SourceOptions
from sightline.cameras.synthetic.source import SyntheticSource, TruthSink
from sightline.cameras.synthetic.truth_record import TruthFile
from sightline.cameras.synthetic.world import World, WorldCamera
from sightline.cli.console import stderr


def truth_file(path: Path | None, cameras: int) -> TruthFile | None:
    """Where the truth goes, if anybody asks for it.

    Raises:
        BadParameter: there is no synthetic camera whose truth is known.
        InputError: it cannot be written.
    """
    if path is None:
        return None
    if not cameras:
        raise typer.BadParameter("--ground-truth: only of synthetic cameras is the truth known; add --synthetic 4")
    return TruthFile(path)


def synthetic_views(cameras: int, seed: int, *, taken: Container[str]) -> tuple[WorldCamera, ...]:
    """The cameras of one world, each with its scenery rendered; none where none are asked for.

    Args:
        cameras: how many.
        seed: of the world.
        taken: ids of other sources.

    Raises:
        BadParameter: another source has the id of a synthetic camera.
    """
    if not cameras:
        return ()
    views = World(seed, cameras=cameras).views
    for view in views:
        if view.name in taken:
            raise typer.BadParameter(f"{view.name!r} is the id of a synthetic camera: give the other source another --camera")
    stderr.print(f"building {cameras} rooms of the synthetic world {seed}…", highlight=False)
    for view in views:
        view.prepare()
    return views


def synthetic_sources(
    views: Sequence[WorldCamera], seed: int, options: SourceOptions, on_truth: TruthSink | None
) -> dict[str, SyntheticSource]:
    """Camera id -> source; ``options`` are for all, and ``on_truth`` is told every frame's truth."""
    return {
        view.name: SyntheticSource(view, seed=seed, options=replace(options, camera=view.name), on_truth=on_truth)
        for view in views
    }
