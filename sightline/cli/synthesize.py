"""``sightline synthesize``: a data set of people who do not exist, with everything that is true of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sightline.cli.console import stdout


def synthesize(
    *,
    output: Annotated[Path, typer.Option(help="Where to: a new or empty folder.", file_okay=False)],
    identities: Annotated[int, typer.Option(min=2, max=100_000, help="How many people.")] = 100,
    crops_each: Annotated[
        int, typer.Option(min=2, help="At most so many crops of each person, at most half in one camera.")
    ] = 12,
    cameras: Annotated[int, typer.Option(min=1, max=9, help="Cameras of each world.")] = 4,
    frames: Annotated[int, typer.Option(min=0, help="Whole frames with boxes, for a detector; 0 = none.")] = 200,
    test_share: Annotated[float, typer.Option(min=0, max=0.9, help="Which part of the people is for the test.")] = 0.2,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same files.")] = 0,
    iuv: Annotated[bool, typer.Option("--iuv/--no-iuv", help="Maps of body parts and (u, v) beside the crops.")] = True,
) -> None:
    """Make a training set of synthetic people: crops, key points, attributes, body coordinates and frames with boxes.

    Every label is exact, every file may be shared: nobody in it exists. A hundred people take some two minutes on one core.

    Examples:

    * `sightline synthesize --output made-up`
    * `sightline synthesize --output large --identities 1500 --crops-each 20 --cameras 6 --frames 3000`
    * `sightline synthesize --output small --identities 20 --frames 0 --no-iuv --seed 7`
    * `sightline train --recipe baseline --data made-up`, then `sightline evaluate` on real people shows what it is worth
    """
    from sightline.cameras.synthetic.synthesis import Synthesis
    from sightline.cameras.synthetic.synthesis import synthesize as make
    from sightline.cli.progress import CountDisplay

    wanted = Synthesis(identities, crops_each, cameras, seed, test_share, frames, iuv)
    with CountDisplay() as display:
        made = make(output, wanted, on_progress=display.report)
    stdout.print(f"{made.crops} crops of {made.identities} people, {made.frames} frames: {output}", highlight=False)
