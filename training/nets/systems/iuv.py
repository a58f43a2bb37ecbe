"""The net of dense coordinates as a system of the training loop."""

from __future__ import annotations

from training.batch import Inputs
from training.nets.iuv.choice import IuvChoice
from training.nets.iuv.config import IuvConfig
from training.nets.iuv.iuv_net import IuvMaps, IuvNet
from training.nets.system import Outputs, System


class IuvSystem(System):
    """Maps ``part``, ``u`` and ``v``, of one stage each: those of :class:`~training.nets.iuv.iuv_net.IuvMaps`."""

    def __init__(self, config: IuvConfig) -> None:
        super().__init__()
        self.net = IuvNet(config)

    def forward(self, inputs: Inputs) -> Outputs:
        maps: IuvMaps = self.net(inputs.images)
        return Outputs(maps={"part": (maps.part,), "u": (maps.u,), "v": (maps.v,)})

    def inference_net(self) -> IuvChoice:
        """Crops in, the contract's three maps out."""
        return IuvChoice(self.net)
