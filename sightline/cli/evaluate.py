"""``sightline evaluate``: how well does a model find people again? A detector: people at all? A pose model: their joints?"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sightline.cli.console import stderr, stdout
from sightline.cli.progress import CountDisplay


class MetricName(StrEnum):
    """Of the plain ranking."""

    EUCLIDEAN = "euclidean"
    SQUARED_EUCLIDEAN = "squared_euclidean"
    COSINE = "cosine"


class ProtocolName(StrEnum):
    """How the gallery is made."""

    MARKET1501 = "market1501"
    CUHK03 = "cuhk03"


class PoolingName(StrEnum):
    """How several pictures become one query."""

    AVERAGE = "average"
    MAX = "max"


EMBED, RANK, REPORT = "How pictures become vectors", "How vectors are ranked", "What is written"


def evaluate(
    *,
    model: Annotated[
        str,
        typer.Option(help="A model's name, an ONNX file, or a training run's folder, weights or checkpoint.", metavar="MODEL"),
    ],
    data: Annotated[
        Path,
        typer.Option(
            help="Folder (or archive) in Market-1501 layout: query/, bounding_box_test/; for detectors, frames with boxes.",
            metavar="DATA",
        ),
    ],
    rerank: Annotated[bool, typer.Option("--rerank", help="k-reciprocal re-ranking too.", rich_help_panel=RANK)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    flip: Annotated[
        bool | None,
        typer.Option("--flip/--no-flip", help="Add up picture and mirrored picture. Unset: as trained.", rich_help_panel=EMBED),
    ] = None,
    keypoints: Annotated[
        Path | None,
        typer.Option(help="Key points (.npz). Unset: keypoints.npz in the folder or beside it.", rich_help_panel=EMBED),
    ] = None,
    attributes: Annotated[
        Path | None,
        typer.Option(
            help="What the people's attributes are (.csv), for models that tell them. Unset: attributes.csv in the folder or "
            "beside it.",
            rich_help_panel=REPORT,
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures a run.", rich_help_panel=EMBED)] = 32,
    threads: Annotated[int | None, typer.Option(min=1, help="Unset: cores.total.", rich_help_panel=EMBED)] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="Of trained weights: cpu, cuda or cuda:1. Unset: a GPU if there is one.",
            metavar="DEVICE",
            rich_help_panel=EMBED,
        ),
    ] = None,
    skip_corrupt: Annotated[
        bool, typer.Option("--skip-corrupt", help="Leave out pictures that cannot be read.", rich_help_panel=EMBED)
    ] = False,
    metric: Annotated[MetricName, typer.Option(help="Distance.", rich_help_panel=RANK)] = MetricName.EUCLIDEAN,
    protocol: Annotated[
        ProtocolName, typer.Option(help="cuhk03 = single-shot.", rich_help_panel=RANK)
    ] = ProtocolName.MARKET1501,
    max_rank: Annotated[int, typer.Option(min=1, help="Length of the CMC.", rich_help_panel=RANK)] = 50,
    multi_query: Annotated[
        PoolingName | None,
        typer.Option(help="A person's pictures from one camera ask as one (gt_bbox/ if there is one).", rich_help_panel=RANK),
    ] = None,
    query_camera: Annotated[
        list[int] | None, typer.Option(help="Only queries of this camera; repeatable.", rich_help_panel=RANK)
    ] = None,
    gallery_camera: Annotated[
        list[int] | None, typer.Option(help="Only gallery pictures of this camera; repeatable.", rich_help_panel=RANK)
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the galleries that cuhk03 draws.", rich_help_panel=RANK)] = 0,
    output: Annotated[
        Path | None, typer.Option(help="Folder for JSON, Markdown and the CMC plot.", rich_help_panel=REPORT)
    ] = None,
    pictures: Annotated[
        int, typer.Option(min=0, help="How many queries to show with their matches.", rich_help_panel=REPORT)
    ] = 0,
    figures: Annotated[
        bool,
        typer.Option(
            "--figures",
            help="Ranks of all right matches; of trained weights also feature maps (of --pictures queries, else 6) and part "
            "weights.",
            rich_help_panel=REPORT,
        ),
    ] = False,
) -> None:
    """Look for every query picture among the gallery pictures, and say how well the model did: CMC and mAP.

    Needs no server. The model is one that `sightline models list` shows, an ONNX file in Sightline's model contract, one that
    `sightline models add` would recognise, or what `sightline train` left: it sees pictures as in the run's validation.

    On whole frames (val/ and boxes.csv, or frames/ and ground_truth.csv) it is a detector's AP50 and AP instead, as COCO
    defines them. Of a model of key points it is PCK: how many joints of the people that a set holds out are found, --pictures
    of them drawn.

    Examples:

    - `sightline evaluate --model reid_osnet --data Market-1501-v15.09.15 --rerank`
    - `sightline evaluate --model osnet_x0_25.onnx --data crops/ --flip --output report/ --pictures 20`
    - `sightline evaluate --model reid_osnet --data crops/ --query-camera 1 --gallery-camera 2 --gallery-camera 3`
    - `sightline evaluate --model reid_osnet --data crops/ --json | jq .rank_1`
    - `sightline evaluate --model runs/djl_hfa --data market.tar --output report/ --figures`: what the net looks at, too
    - `sightline evaluate --model person_detector --data made-up/detection`
    - `sightline evaluate --model keypoints --data Market-1501-v15.09.15 --output report/ --pictures 24`
    """
    from sightline.cli.evaluate_detector import evaluate_frames, refuse_options_of_ranking
    from sightline.cli.evaluate_keypoints import evaluate_poses
    from sightline.cli.evaluate_plan import detection_folder

    with CountDisplay() as display:
        folder = detection_folder(data, progress=display.report)
    if folder is not None:
        wrong = {"rerank": rerank, "flip": flip is not None, "keypoints": keypoints is not None, "output": output is not None}
        refuse_options_of_ranking(**wrong, multi_query=multi_query is not None, pictures=pictures > 0, figures=figures)
        evaluate_frames(model, folder, threads=threads, as_json=as_json)
        return
    from sightline.evaluation.poses.keypoints_model import keypoints_model
    from sightline.settings import load_settings

    settings = load_settings()
    if (pictures or figures) and output is None:
        raise typer.BadParameter(f"{'--pictures' if pictures else '--figures'}: say where they go with --output FOLDER")
    if keypoints_model(model, settings) is not None:
        refuse_options_of_ranking(
            rerank=rerank,
            flip=flip is not None,
            keypoints=keypoints is not None,
            multi_query=multi_query is not None,
            figures=figures,
        )
        evaluate_poses(model, data, settings, threads=threads, output=output, pictures=pictures, as_json=as_json)
        return
    from sightline.cli.evaluate_display import attributes_table, figures_table, remarks
    from sightline.cli.evaluate_plan import attributes_of, is_trained, loaded_model, people_in
    from sightline.decoding import ImageLimits
    from sightline.evaluation.embedding_options import EmbeddingOptions
    from sightline.evaluation.evaluating import EvaluationOptions
    from sightline.evaluation.running import run_evaluation
    from sightline.evaluation.writing import Figures, prepare_report, write_report

    options = EvaluationOptions(
        metric=metric.value,
        protocol=protocol.value,
        max_rank=max_rank,
        multi_query=multi_query.value if multi_query else None,
        query_cameras=tuple(query_camera or ()),
        gallery_cameras=tuple(gallery_camera or ()),
        rerank=rerank,
        seed=seed,
    )
    if output is not None:
        prepare_report(output)
    with CountDisplay() as display:
        people, places = people_in(data, any_layout=is_trained(model), progress=display.report)
        display.report("loading", 0, 0)
        embedding = EmbeddingOptions(
            threads=threads or settings.cores.total or os.cpu_count() or 1,
            flip=flip,
            keypoints=keypoints,
            places=places,
            batch_size=batch_size,
            skip_corrupt=skip_corrupt,
        )
        loaded = loaded_model(model, embedding, settings, device=device)
        known = attributes_of(loaded.embedder.facts, attributes, places)
        report = run_evaluation(people, loaded.embedder, options, attributes=known, progress=display.report)
        if output is not None:
            shown = Figures(loaded.insides, pictures=pictures or 6) if figures else None
            limits = ImageLimits.from_settings(settings.stream)
            write_report(report, output, pictures=pictures, figures=shown, limits=limits)
    if as_json:
        typer.echo(report.to_json(), nl=False)
        return
    stdout.print(figures_table(report))
    if report.attributes:
        stdout.print(attributes_table(report))
    for line in remarks(report):
        stderr.print(line, highlight=False, markup=False)
    if output is not None:
        stderr.print(f"Wrote {output}", highlight=False, markup=False)
