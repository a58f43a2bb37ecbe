"""Pose nets of the papers, by themselves: they predict maps, of which the joints of one person are the peaks."""

from __future__ import annotations

from torch import Tensor

from training.batch import Inputs
from training.nets.cpm.pose_machine import PoseMachine, PoseMachineConfig
from training.nets.normalise import Normalise
from training.nets.openpose.map_spec import MapSpec
from training.nets.openpose.pose_net import PoseNet, PoseNetConfig
from training.nets.openpose.reading import single_person
from training.nets.system import Outputs
from training.nets.systems.pose_system import PoseSystem


class Cpm(PoseSystem):
    """Convolutional Pose Machines: map ``confidence``, one a stage."""

    def __init__(self, config: PoseMachineConfig, spec: MapSpec) -> None:
        super().__init__()
        self.spec = spec
        self.normalise = Normalise()
        self.machine = PoseMachine(config, maps=spec.confidence_maps)

    def forward(self, inputs: Inputs) -> Outputs:
        return Outputs(maps={"confidence": self.machine(self.normalise(inputs.images))})

    def estimate(self, images: Tensor) -> Tensor:
        return single_person(self.machine(self.normalise(images))[-1], self.spec)


class OpenPose(PoseSystem):
    """The two-stream net of OpenPose: maps ``confidence`` and ``affinity``, one a stage.

    On whole pictures its last maps are put together to people by :func:`sightline.part_affinity.assembly.assemble`.
    """

    def __init__(self, config: PoseNetConfig, spec: MapSpec) -> None:
        super().__init__()
        self.spec = spec
        self.normalise = Normalise()
        self.net = PoseNet(config, spec)

    def forward(self, inputs: Inputs) -> Outputs:
        stages = self.net(self.normalise(inputs.images))
        return Outputs(
            maps={
                "confidence": tuple(stage.confidence for stage in stages),
                "affinity": tuple(stage.affinity for stage in stages),
            }
        )

    def estimate(self, images: Tensor) -> Tensor:
        return single_person(self.net(self.normalise(images))[-1].confidence, self.spec)
