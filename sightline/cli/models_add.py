"""``sightline models add``."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sightline.cli.console import stderr, stdout


class Kind(StrEnum):
    """Families that are wrapped by themselves, and everything else."""

    YOLOX = "yolox"
    OSNET = "osnet"
    RTMPOSE = "rtmpose"
    HRNET = "hrnet"
    MOVENET = "movenet"
    DENSEPOSE = "densepose"
    ONNX = "onnx"


class Role(StrEnum):
    """What a net of kind onnx does."""

    DETECTOR = "detector"
    KEYPOINTS = "keypoints"
    DENSEPOSE = "densepose"
    EMBEDDER = "embedder"


class Colour(StrEnum):
    """Order of the colour channels."""

    RGB = "rgb"
    BGR = "bgr"


class Fit(StrEnum):
    """How a person's box is brought to the net's size."""

    STRETCH = "stretch"
    LETTERBOX = "letterbox"


class Interpolation(StrEnum):
    """Of the resize."""

    BILINEAR = "bilinear"
    AREA = "area"
    CUBIC = "cubic"


class Layout(StrEnum):
    """Order of the input's axes."""

    NCHW = "nchw"
    NHWC = "nhwc"


NET = "What the net expects (unset: as its kind is usually trained)"
HEAD = "What the net gives"
KEEP = "Where it goes"


def add(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The ONNX file; it is read, never changed.")],
    *,
    kind: Annotated[Kind | None, typer.Option(help="Unset: recognised from the file's tensors.")] = None,
    role: Annotated[Role | None, typer.Option(help="What a net of kind onnx does.")] = None,
    name: Annotated[str | None, typer.Option(help="Unset: by its role: person_detector, reid_FILE, ….")] = None,
    images: Annotated[
        Path | None, typer.Option(help="Pictures of people to compare original and wrapped net on. Unset: drawn ones.")
    ] = None,
    colour: Annotated[Colour | None, typer.Option(help="Channel order.", rich_help_panel=NET)] = None,
    scale: Annotated[float | None, typer.Option(help="Factor on pixels 0-255, before the mean.", rich_help_panel=NET)] = None,
    mean: Annotated[str | None, typer.Option(help="By channel: 0.485,0.456,0.406", rich_help_panel=NET)] = None,
    std: Annotated[str | None, typer.Option(help="By channel: 0.229,0.224,0.225", rich_help_panel=NET)] = None,
    layout: Annotated[Layout | None, typer.Option(help="Unset: seen from the shape.", rich_help_panel=NET)] = None,
    input_size: Annotated[str | None, typer.Option(help="HEIGHTxWIDTH, for nets of any size.", rich_help_panel=NET)] = None,
    crop_expand: Annotated[
        float | None, typer.Option(help="How much the box grows before the cut: 0.1 = 5 % a side.", rich_help_panel=NET)
    ] = None,
    crop_fit: Annotated[Fit | None, typer.Option(help="Unset: stretch.", rich_help_panel=NET)] = None,
    crop_interpolation: Annotated[Interpolation | None, typer.Option(help="Unset: bilinear.", rich_help_panel=NET)] = None,
    output: Annotated[
        list[str] | None, typer.Option(help="CONTRACT=NAME where outputs have other names.", rich_help_panel=HEAD)
    ] = None,
    nms_iou: Annotated[
        float | None, typer.Option(help="Suppress boxes that overlap more (yolox: 0.65).", rich_help_panel=HEAD)
    ] = None,
    min_score: Annotated[
        float | None, typer.Option(help="Drop fainter boxes before that (0.01).", rich_help_panel=HEAD)
    ] = None,
    person_class: Annotated[int | None, typer.Option(help="yolox: index of class person (0).", rich_help_panel=HEAD)] = None,
    decoded: Annotated[
        bool, typer.Option("--decoded", help="yolox: exported with --decode_in_inference.", rich_help_panel=HEAD)
    ] = False,
    joints: Annotated[
        str | None,
        typer.Option(help="Names of the joints, in order: nose,neck,… (pose families: COCO's 17)", rich_help_panel=HEAD),
    ] = None,
    attributes: Annotated[str | None, typer.Option(help="Names of the attributes, in order.", rich_help_panel=HEAD)] = None,
    terms: Annotated[str, typer.Option(help="Licence or terms of use, kept in the spec.", rich_help_panel=KEEP)] = "",
    max_batch_size: Annotated[int, typer.Option(min=1, help="Largest batch on Triton.", rich_help_panel=KEEP)] = 32,
    folder: Annotated[
        Path | None, typer.Option(help="A model repository. Unset: the last of the settings.", rich_help_panel=KEEP)
    ] = None,
) -> None:
    """Wrap an ONNX file into Sightline's model contract, compare it with the original, and keep it.

    Colour order, normalisation, decoding and suppression go *into* the graph, so that pictures go to Triton as they are.
    A net whose wrapped outputs differ from the original's is refused, with the numbers. If the local Triton runs, it loads
    the model at once.

    Joints of pose nets are brought into the order of our skeleton; the spec names those that a net lacks.

    Examples:

    - `sightline models add yolox_nano.onnx` — a YOLOX detector, recognised
    - `sightline models add osnet_x1_0.onnx --name reid_osnet --images crops/` — an embedder, compared on your crops
    - `sightline models add rtmpose_m.onnx` — key points; HRNet's heat maps and MoveNet are recognised as well
    - `sightline models add densepose.onnx --kind densepose` — detectron2's chart predictor over one person's crop
    - `sightline models add pose.onnx --kind onnx --role keypoints --scale 0.00392157 --joints nose,neck,…`
    """
    from sightline.cli.models_triton import load_on_triton
    from sightline.models.adding import add_model
    from sightline.models.importer.options import RecipeOptions, make_recipe
    from sightline.models.live import LiveModels
    from sightline.models.pictures import read_pictures
    from sightline.models.repository import ModelRepository
    from sightline.models.triton_config import Batching
    from sightline.settings import load_settings

    settings = load_settings()
    options = RecipeOptions(
        colour=colour.value if colour else None,
        scale=scale,
        mean=mean,
        std=std,
        layout=layout.value if layout else None,
        input_size=input_size,
        crop_expand=crop_expand,
        crop_fit=crop_fit.value if crop_fit else None,
        crop_interpolation=crop_interpolation.value if crop_interpolation else None,
        outputs=tuple(output or ()),
        nms_iou=nms_iou,
        min_score=min_score,
        person_class=person_class,
        decoded=decoded,
        joints=joints,
        attributes=attributes,
        terms=terms,
    )
    recipe = make_recipe(file, kind.value if kind else None, role.value if role else None, options)
    with stderr.status(f"Wrapping {file.name} and comparing it with the original…"):
        added = add_model(
            ModelRepository([folder] if folder else settings.model_repositories),
            file,
            recipe=recipe,
            name=name,
            pictures=read_pictures(images) if images else None,
            batching=Batching(max_batch_size=max_batch_size),
            live=LiveModels(settings.local.state_dir).names() if folder is None else (),
        )
    spec = added.model.spec
    stdout.print(added.acceptance.describe(), highlight=False)
    verb = "Added" if added.changed else "Unchanged:"
    stdout.print(f"{verb} [bold]{spec.name}[/] version {spec.version} in {added.model.folder}", highlight=False)
    if folder is None or folder in settings.model_repositories:
        asyncio.run(load_on_triton(settings, spec.name))
