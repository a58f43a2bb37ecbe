"""What a training run is told: small frozen values, printed into every checkpoint, each overridable by its dotted name.

``--set phases.0.epochs=10`` and ``--set system.backbone.kind=osnet`` go through :func:`overridden`; an unknown name or a
value of the wrong type is refused with the nearest name.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """Base of all configs: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AugmentConfig(Config):
    """What happens to a training sample, in this order; key points and dense coordinates go along.

    Attributes:
        cut_off: probability that up to half of the picture is cut away at one side, mostly below.
        scale: the part of the area that a random crop keeps, from and to; (1, 1) = none.
        aspect: height by width of that crop, from and to; None = the picture's.
        pad: mean-coloured pixels around the picture before it is cut to size at random.
        resize_hw: brought to this size first, then cut to the net's size at random (at test: in the middle); None = straight
            to the net's size.
        rotate: greatest turn about the middle, degrees, either way.
        zoom: factor of the size at which the picture is seen, from and to; (1, 1) = as it is.
        stretch: greatest relative change of its width, and of its height, each by itself.
        shift: greatest move, as a part of its sides, each way.
        flip: probability of a mirror image; left and right change names.
        colour_jitter: greatest relative change of brightness, contrast and saturation.
        channel_gain: greatest relative change of each colour channel alone.
        cover: probability that something stands before one side of the picture, mostly below.
        erase: probability of random erasing.
        erase_with: what an erased rectangle is filled with.
        hide_pose: probability that the net is told of no joint at all: so it learns to do without (a pose stage may fail).
        part_disturbance: greatest shift of each key point, as a part of the picture's sides (DJL's robustness rows).
        part_alignment: how part images are laid out: warped by their dense coordinates, or cut out by their boxes (DSA-reID).
    """

    cut_off: float = Field(default=0.0, ge=0, le=1)
    scale: tuple[float, float] = (1.0, 1.0)
    aspect: tuple[float, float] | None = None
    pad: int = Field(default=0, ge=0)
    resize_hw: tuple[int, int] | None = None
    rotate: float = Field(default=0.0, ge=0, le=180)
    zoom: tuple[float, float] = (1.0, 1.0)
    stretch: float = Field(default=0.0, ge=0, lt=1)
    shift: float = Field(default=0.0, ge=0, le=1)
    flip: float = Field(default=0.5, ge=0, le=1)
    colour_jitter: float = Field(default=0.0, ge=0, le=1)
    channel_gain: float = Field(default=0.0, ge=0, le=1)
    cover: float = Field(default=0.0, ge=0, le=1)
    erase: float = Field(default=0.0, ge=0, le=1)
    erase_with: Literal["mean", "noise"] = "mean"
    hide_pose: float = Field(default=0.0, ge=0, le=1)
    part_disturbance: float = Field(default=0.0, ge=0, le=1)
    part_alignment: Literal["dense", "coarse"] = "dense"


class Shuffled(Config):
    """Batches of a shuffled set; the last, smaller one is left out."""

    kind: Literal["shuffled"] = "shuffled"
    batch_size: int = Field(default=64, ge=1)


class IdentityBalanced(Config):
    """P identities, K pictures of each (batch-hard triplets need them).

    Attributes:
        identities: P.
        instances: K; an identity with fewer pictures repeats some.
        epoch: until each identity came once (``identities``), or until as many pictures as the set has went by (``pictures``).
    """

    kind: Literal["identity_balanced"] = "identity_balanced"
    identities: int = Field(default=16, ge=1)
    instances: int = Field(default=4, ge=1)
    epoch: Literal["identities", "pictures"] = "pictures"

    @property
    def batch_size(self) -> int:
        """P * K."""
        return self.identities * self.instances


Sampling = Annotated[Shuffled | IdentityBalanced, Field(discriminator="kind")]


class OptimiserConfig(Config):
    """Which optimiser, and its values; ``lr`` is the schedule's 1.

    Attributes:
        lr_factors: name of a child of the system, dotted -> factor of the rate for its parameters (new heads on an old trunk).
    """

    kind: Literal["sgd", "adam", "adamw"] = "adam"
    lr: float = Field(gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    lr_factors: dict[str, float] = {}


class Constant(Config):
    """The same rate throughout."""

    kind: Literal["constant"] = "constant"


class Decay(Config):
    """Times ``factor`` after every ``every`` epochs, from epoch ``start`` on.

    Attributes:
        smooth: ``factor ** ((epoch - start) / every)``, without steps.
        warm_up: epochs at the beginning in which the rate rises in a line from ``warm_up_from`` to 1.
    """

    kind: Literal["decay"] = "decay"
    factor: float = Field(gt=0, le=1)
    every: float = Field(default=1.0, gt=0)
    start: float = Field(default=0.0, ge=0)
    smooth: bool = False
    warm_up: float = Field(default=0.0, ge=0)
    warm_up_from: float = Field(default=0.01, gt=0, le=1)


class Polynomial(Config):
    """(1 - epoch / epochs) ** power."""

    kind: Literal["polynomial"] = "polynomial"
    power: float = Field(default=0.5, gt=0)


class OneCycle(Config):
    """A cosine up from 1/``start_divisor`` in the first ``rise`` of the phase, then one down to 1/``end_divisor``."""

    kind: Literal["one_cycle"] = "one_cycle"
    rise: float = Field(default=0.3, gt=0, lt=1)
    start_divisor: float = Field(default=25.0, ge=1)
    end_divisor: float = Field(default=1e4, ge=1)


Schedule = Annotated[Constant | Decay | Polynomial | OneCycle, Field(discriminator="kind")]


class Phase(Config):
    """A stretch of the training with one set of losses and one optimiser (a new one: its moments do not carry over).

    Attributes:
        name: for the report.
        epochs: of the sampling.
        weights: loss term -> weight; a term that is not named is not computed.
        optimiser, schedule: the rate follows the schedule within the phase, step by step.
        sampling: which batches.
        frozen: children of the system, dotted, that do not learn and stay in evaluation mode.
    """

    name: str
    epochs: int = Field(ge=1)
    weights: dict[str, float]
    optimiser: OptimiserConfig
    schedule: Schedule = Constant()
    sampling: Sampling = Shuffled()
    frozen: tuple[str, ...] = ()


class Precision(Config):
    """How the arithmetic is done.

    Attributes:
        bf16: run the net under autocast to bfloat16; the losses stay in float32.
        channels_last: memory layout of pictures and convolutions.
    """

    bf16: bool = False
    channels_last: bool = False
