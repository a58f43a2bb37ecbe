"""``sightline demo``: the whole product on a person's own videos and models, from nothing to the page."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.console import stderr, stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sightline.settings import Settings

WHAT_IT_NEEDS = """\
The demo needs a video and two models as ONNX files: a detector that finds people, and an embedder that tells them apart.

  sightline demo --video hall.mp4 --video door.mp4 --model yolox_nano.onnx --model osnet_x0_25.onnx
  make demo VIDEO="hall.mp4 door.mp4" MODELS="yolox_nano.onnx osnet_x0_25.onnx"

YOLOX detectors and OSNet embedders are recognised. Other nets: `sightline models add --help`, then the demo without --model."""


def demo(
    *,
    video: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE", help="A video, a folder of images, rtsp://HOST/PATH or webcam:0. Repeat it."),
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, metavar="ONNX", help="A detector and an embedder. Left out: those that were added."
        ),
    ] = None,
    duration: Annotated[
        float | None, typer.Option(min=1, metavar="SECONDS", help="End by itself. Left out: Ctrl-C ends it.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")
    ] = None,
) -> None:
    """Run the whole product on your videos: check the models, start everything, show what comes of it, stop it again.

    Each video is a camera; files play in a loop at their own pace. What ran before stays up afterwards, and what was
    seen stays searchable: `sightline up` brings it back.

    Examples:

    * `sightline demo --video hall.mp4 --video door.mp4 --model yolox_nano.onnx --model osnet_x0_25.onnx`
    * `sightline demo --video webcam:0`: with the models that were added before
    * `sightline demo --video hall.mp4 --duration 60`: for scripts
    """
    from sightline.cli.demo_cameras import demo_cameras
    from sightline.cli.demo_models import add_models, with_models
    from sightline.settings import load_settings

    settings = load_settings(config)
    if not video:
        _say_what_it_needs("there is no video")
    cameras = demo_cameras(video or [])
    added = add_models(settings, model or [])
    settings = with_models(settings, added)
    _require_models(settings)
    try:
        _run(settings, cameras, duration)
    except KeyboardInterrupt:
        stderr.print("interrupted: `sightline down` stops what still runs", highlight=False)
        raise typer.Exit(1) from None


def _require_models(settings: Settings) -> None:
    from infra.local import parts

    lacking = parts.missing_models(settings)
    if lacking is not None:
        _say_what_it_needs(lacking)


def _say_what_it_needs(lacking: str) -> None:
    stderr.print(f"[bold red]not yet:[/] {lacking}\n", highlight=False)
    stderr.print(WHAT_IT_NEEDS, highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(2)


def _run(settings: Settings, cameras: dict[str, str], duration_s: float | None) -> None:
    import httpx

    from sightline.cli.demo_cameras import looping
    from sightline.cli.demo_display import Scoreboard, show, summarise
    from sightline.cli.demo_stack import whole_stack

    _interrupt_on_sigterm()
    with whole_stack(settings) as running:
        _interrupt_on_sigterm()  # joining Ray has put Ray's own handler there
        _say_what_to_try(running, list(cameras))
        with httpx.Client(base_url=running.serving.url or "") as api, looping(running, cameras) as publishing:
            scoreboard = Scoreboard(api, list(cameras))
            try:
                show(scoreboard, publishing, duration_s=duration_s)
            except KeyboardInterrupt:
                stderr.print("ending…")
            scoreboard.look()
        summarise(scoreboard)
    publishing.raise_faults()


def _interrupt_on_sigterm() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _say_what_to_try(settings: Settings, cameras: Sequence[str]) -> None:
    from sightline.cli.demo_display import this_program

    program = this_program()
    stdout.print(f"\nThe page: [bold]{settings.serving.url}[/]\n", highlight=False)
    stdout.print("Drop a picture of a person there, or pick one who was just seen.\nOr, in another terminal:")
    lines = [
        f"export SIGHTLINE_LOCAL__STATE_DIR={settings.local.state_dir.expanduser().absolute()}",
        f"{program} search PICTURE --sheet matches.jpg     # where was the person in a picture seen?",
        f"{program} publish my.mp4 --camera mine           # a video of your own",
        f"{program} publish webcam:0                       # a webcam",
        f"{program} publish rtsp://HOST/PATH --camera door # a network camera",
        f"{program} status --watch",
    ]
    for line in lines:
        stdout.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    stdout.print(f"\nCameras of the demo: {', '.join(cameras)}. Ctrl-C ends it.\n", highlight=False)
