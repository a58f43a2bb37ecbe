"""Training: how the runs of ``sightline train`` go while they last."""

from __future__ import annotations

from infra.grafana.board import Board, Kind, Panel, Section, Variable
from sightline.operations.figures import TRAINING

_OF = 'instance=~"$run"'

_WHERE_IT_IS = Section(
    "Where it is",
    (
        Panel(
            number=1,
            title="Step",
            queries={"{{instance}}": f"max by (instance) (sightline_training_step{{{_OF}}})"},
            unit="none",
            description="Optimisation steps done.",
            kind=Kind.STAT,
        ),
        Panel(
            number=2,
            title="Epoch",
            queries={"{{instance}} {{phase}}": f"max by (instance, phase) (sightline_training_epoch{{{_OF}}})"},
            unit="none",
            description="Of the phase at hand, from 1.",
            kind=Kind.STAT,
        ),
        Panel(
            number=3,
            title="Pictures a second",
            queries={"{{instance}}": f"max by (instance) (sightline_training_pictures_per_second{{{_OF}}})"},
            unit="suffix:/s",
            description="Of all workers together. It falls where data cannot be read as fast as it is learnt.",
            kind=Kind.STAT,
        ),
    ),
)

_HOW_IT_GOES = Section(
    "How it goes",
    (
        Panel(
            number=11,
            title="Loss by term",
            queries={"{{instance}} {{term}}": f"max by (instance, term) (sightline_training_loss{{{_OF}}})"},
            unit="none",
            description="Of the last step; sum is what is minimised. NaN or a jump: the rate is too high.",
            size=(12, 8),
        ),
        Panel(
            number=12,
            title="Validation",
            queries={"{{instance}} {{figure}}": f"max by (instance, figure) (sightline_training_validation{{{_OF}}})"},
            unit="percentunit",
            description="The last validation's figures. The loss falls and these do too: it learns by heart.",
            size=(12, 8),
        ),
        Panel(
            number=13,
            title="Learning rate",
            queries={"{{instance}}": f"max by (instance) (sightline_training_learning_rate{{{_OF}}})"},
            unit="sci",
            description="Of the last step, as the recipe's schedule has it.",
            size=(12, 7),
        ),
        Panel(
            number=14,
            title="Speed",
            queries={"{{instance}}": f"max by (instance) (sightline_training_pictures_per_second{{{_OF}}})"},
            unit="suffix:/s",
            description="Pictures a second over time.",
            size=(12, 7),
        ),
    ),
)

BOARD = Board(
    uid=TRAINING,
    title="Sightline / Training",
    description="Losses, speed and validation of the training runs that Prometheus reaches. Empty while none runs.",
    variables=(Variable("run", "Run", "label_values(sightline_training_step, instance)"),),
    sections=(_WHERE_IT_IS, _HOW_IT_GOES),
)
