"""``sightline demo``: the whole product from nothing to live figures and the page, on synthetic cameras or one's own videos."""

from __future__ import annotations

import json
import os
import signal
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from sightline.cli.console import stderr, stdout

if TYPE_CHECKING:
    from sightline.cli.demo_cameras import DemoCameras
    from sightline.settings import Settings

LACKING = """\
What comes with Sightline is told by `sightline models list`: get a newer Sightline where a model is missing. Or give your own
as ONNX files, a detector that finds people and an embedder that tells them apart:

  sightline demo --model yolox_nano.onnx --model osnet_x0_25.onnx
  make demo MODELS="yolox_nano.onnx osnet_x0_25.onnx"

YOLOX detectors and OSNet embedders are recognised. Other nets: `sightline models add --help`, then the demo without --model."""

_CAMERAS = 4
_KEEP_TRUTH_S = 600.0
_FINAL_QUERIES = 100


def demo(
    *,
    video: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE", help="A video, a folder of images, rtsp://HOST/PATH or webcam:0. Repeat it."),
    ] = None,
    synthetic: Annotated[
        int | None, typer.Option(min=0, max=64, metavar="N", help="Synthetic cameras. Left out: 4, none beside videos.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the synthetic world: rooms, people and their ways.")] = 0,
    fps: Annotated[
        float | None,
        typer.Option(min=0.1, max=30, help="Pictures a second of a synthetic camera. Left out: what this machine can bear."),
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, metavar="ONNX", help="A detector, an embedder. Left out: your own, else Sightline's."
        ),
    ] = None,
    duration: Annotated[
        float | None, typer.Option(min=1, metavar="SECONDS", help="End by itself. Left out: Ctrl-C ends it.")
    ] = None,
    figures: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the figures to this file too, as JSON.")] = None,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")
    ] = None,
) -> None:
    """Run the whole product, from nothing to live figures and the page: start everything, show what comes of it, stop it again.

    Without videos the cameras are those of a synthetic world of walking people: as everything about it is known, the demo also
    tells how well people are found again. Each video is a camera; files play in a loop at their own pace. What ran before
    stays up afterwards, and what was seen stays searchable: `sightline up` brings it back.

    Examples:

    * `sightline demo`: four synthetic cameras
    * `sightline demo --video hall.mp4 --video door.mp4`: your own
    * `sightline demo --video webcam:0 --model yolox_nano.onnx --model osnet_x0_25.onnx`: with models of your own
    * `sightline demo --duration 90 --figures figures.json`: for scripts
    """
    from sightline.cli.demo_cameras import DemoCameras, affordable_fps, demo_cameras
    from sightline.cli.demo_models import add_models, with_models
    from sightline.cli.demo_truth import TruthStore
    from sightline.cli.publish_synthetic import synthetic_views
    from sightline.settings import load_settings

    settings = load_settings(config)
    videos = demo_cameras(video or [])
    number = (0 if videos else _CAMERAS) if synthetic is None else synthetic
    if not videos and not number:
        raise typer.BadParameter("name a --video, or ask for --synthetic cameras")
    added = add_models(settings, model or [])
    settings = with_models(settings, added)
    _require_models(settings)
    fps = fps or affordable_fps(number, cores=settings.cores.total or os.cpu_count() or 1)
    cameras = DemoCameras(videos, synthetic_views(number, seed, taken=videos), seed, fps, TruthStore(keep_s=_KEEP_TRUTH_S))
    try:
        _run(settings, cameras, duration, figures)
    except KeyboardInterrupt:
        stderr.print("interrupted: `sightline down` stops what still runs", highlight=False)
        raise typer.Exit(1) from None


def _require_models(settings: Settings) -> None:
    from sightline.cli.demo_models import lacking_models

    lacking = lacking_models(settings)
    if lacking:
        for reason in lacking:
            stderr.print(f"[bold red]not yet:[/] {escape(reason)}", highlight=False, soft_wrap=True)
        stderr.print()
        stderr.print(LACKING, highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(2)


def _run(settings: Settings, cameras: DemoCameras, duration_s: float | None, file: Path | None) -> None:
    import httpx

    from sightline.cli.demo_cameras import looping
    from sightline.cli.demo_display import Scoreboard, figures, show, summarise
    from sightline.cli.demo_score import Scorer
    from sightline.cli.demo_stack import whole_stack
    from sightline.cli.questions_client import QuestionsClient

    _interrupt_on_sigterm()
    with whole_stack(settings) as running:
        _interrupt_on_sigterm()  # joining Ray has put Ray's own handler there
        _say_what_to_try(running, cameras)
        with httpx.Client(base_url=running.serving.url or "") as api, QuestionsClient(running) as questions:
            with looping(running, cameras) as publishing:
                scoreboard = Scoreboard(api, cameras.names)
                scorer = None
                if cameras.synthetic:
                    scorer = Scorer(questions, cameras.synthetic, cameras.truth, start_us=publishing.start_us)
                try:
                    with scorer.live() if scorer is not None else nullcontext():
                        show(scoreboard, publishing, scorer, duration_s=duration_s)
                except KeyboardInterrupt:
                    stderr.print("ending…")
                scoreboard.stop()
            if scorer is not None:
                stderr.print("scoring…")
                scorer.score(most_queries=_FINAL_QUERIES)
        summarise(scoreboard, scorer)
        if file is not None:
            file.write_text(json.dumps(figures(scoreboard, scorer), indent=2) + "\n")
    publishing.raise_faults()


def _interrupt_on_sigterm() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _say_what_to_try(settings: Settings, cameras: DemoCameras) -> None:
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
    rate = f" at {cameras.fps:g} frames/s each" if cameras.synthetic else ""
    stdout.print(f"\nCameras of the demo: {', '.join(cameras.names)}{rate}. Ctrl-C ends it.\n", highlight=False)
