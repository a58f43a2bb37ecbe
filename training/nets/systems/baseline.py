"""A plain strong baseline: trunk, pooling, a descriptor, BN-neck (Luo et al., CVPRW 2019). The papers' systems must beat it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from torch import Tensor, nn

from training.batch import Inputs
from training.config import Config
from training.nets.backbones.build import build_backbone
from training.nets.backbones.config import BackboneConfig, ResNetConfig
from training.nets.embedding_net import EmbeddingNet
from training.nets.heads.bn_neck import BNNeck
from training.nets.heads.classifier import Classifier
from training.nets.normalise import Normalise
from training.nets.pooling import Pooling, build_pooling
from training.nets.system import EmbeddingSystem, Outputs


class BaselineConfig(Config):
    """What the baseline is made of.

    Attributes:
        backbone: its last map is pooled.
        pooling: average, average and maximum side by side, or generalised mean.
        descriptor: D; the pooled features go through a linear layer of so many outputs. None = they are the descriptor.
    """

    backbone: BackboneConfig = ResNetConfig(last_stride=1)
    pooling: Pooling = "average_max"
    descriptor: int | None = Field(default=512, ge=1)


class Descriptor(nn.Module):
    """uint8 pictures (N, 3, H, W) -> the descriptor before the neck (N, D).

    Attributes:
        features: D.
    """

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.backbone = build_backbone(config.backbone)
        self.pooling, pooled = build_pooling(config.pooling, self.backbone.channels[self.backbone.last])
        self.features = config.descriptor or pooled
        self.reduce = nn.Linear(pooled, config.descriptor, bias=False) if config.descriptor else nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        maps = self.backbone.run(self.normalise(images), self.backbone.names)
        described: Tensor = self.reduce(self.pooling(maps[self.backbone.last]))
        return described


class Baseline(EmbeddingSystem):
    """Logits ``global``; feature ``global`` is the descriptor before the BN-neck, the matching feature the one behind it.

    Args:
        classes: K identities.
    """

    def __init__(self, config: BaselineConfig, *, classes: int) -> None:
        super().__init__()
        self.descriptor = Descriptor(config)
        self.embedding_dim = self.descriptor.features
        self.neck = BNNeck(self.embedding_dim)
        self.classifier = Classifier(self.embedding_dim, classes, bias=False)

    def forward(self, inputs: Inputs) -> Outputs:
        descriptor = self.descriptor(inputs.images)
        return Outputs(logits={"global": self.classifier(self.neck(descriptor))}, features={"global": descriptor})

    def describe(self, inputs: Inputs) -> Tensor:
        described: Tensor = self.neck(self.descriptor(inputs.images))
        return described

    def shown_maps(self) -> Mapping[str, nn.Module]:
        """The backbone's map at each resolution."""
        return self.descriptor.backbone.deepest()

    def inference_net(self) -> EmbeddingNet:
        """Without the classifier; learning or not as this is now, as exporters leave a net in the mode that they met it in."""
        net = EmbeddingNet(nn.Sequential(self.descriptor, self.neck))
        return net.train(self.training)
