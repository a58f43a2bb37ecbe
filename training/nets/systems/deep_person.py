"""Deep-Person: three branches teach one backbone, whose pooled map alone describes people at test (papers: figure 2).

| branch | what it does |
|---|---|
| B_pI | the rows of the map as a sequence of parts: two BiLSTMs, softmax |
| B_gI | the whole map: softmax |
| B_tR | f_m, the pooled map itself: batch-hard triplets, and the descriptor |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator
from torch import Tensor, nn

from training.batch import Inputs
from training.config import Config
from training.nets.backbones.backbone import Backbone
from training.nets.backbones.build import build_backbone
from training.nets.backbones.config import BackboneConfig, ResNetConfig
from training.nets.deep_person.branches import (
    ConcatenatedEmbeddings,
    GlobalEmbedding,
    IdentityBranch,
    PartEmbedding,
    PartModel,
)
from training.nets.embedding_net import EmbeddingNet
from training.nets.pooled_trunk import PooledTrunk
from training.nets.system import EmbeddingSystem, Outputs


class DeepPersonConfig(Config):
    """Which branches there are.

    Attributes:
        backbone: its last map has 8 rows where ResNet-50 sees 256x128 pixels.
        part: B_pI with LSTMs, or with a linear layer a slice in their place; ``none`` = without it.
        whole: B_gI.
        hidden: U, units of the LSTMs and features of a part.
        embedding: of the fully connected layer in front of each softmax.
        descriptor: f_m, or f_c, the embeddings of the identification branches side by side (Table 7).
    """

    backbone: BackboneConfig = ResNetConfig()
    part: PartModel | Literal["none"] = "lstm"
    whole: bool = True
    hidden: int = Field(default=256, ge=1)
    embedding: int = Field(default=2048, ge=1)
    descriptor: Literal["pooled", "concatenated"] = "pooled"

    @model_validator(mode="after")
    def _has_what_it_concatenates(self) -> Self:
        if self.descriptor == "concatenated" and self.part == "none" and not self.whole:
            raise ValueError("a concatenated descriptor needs an identification branch: part or whole")
        return self


class DeepPerson(EmbeddingSystem):
    """Logits ``part`` and ``global``; feature ``pooled`` is f_m.

    While the branches are frozen (the triplet alone learns) they are not computed.

    Args:
        classes: K identities.
        image_height: pixels; decides how many parts there are.
    """

    def __init__(self, config: DeepPersonConfig, *, classes: int, image_height: int) -> None:
        super().__init__()
        backbone = build_backbone(config.backbone)
        self.trunk = PooledTrunk(backbone)
        self.branches = nn.ModuleDict(
            {
                name: IdentityBranch(embedding, features=config.embedding, classes=classes)
                for name, embedding in _embeddings(config, backbone, image_height).items()
            }
        )
        self._concatenates = config.descriptor == "concatenated"
        self.embedding_dim = len(self.branches) * config.embedding if self._concatenates else self.trunk.features

    def forward(self, inputs: Inputs) -> Outputs:
        features = self.trunk.map(inputs.images)
        frozen = self.training and not self.branches.training
        logits = {} if frozen else {name: branch(features) for name, branch in self.branches.items()}
        return Outputs(logits=logits, features={"pooled": features.mean(dim=(2, 3))})

    def describe(self, inputs: Inputs) -> Tensor:
        described: Tensor = self._describing()(inputs.images)
        return described

    def shown_maps(self) -> Mapping[str, nn.Module]:
        """The backbone's map at each resolution; figure 5 shows the last, which all branches share."""
        return self.trunk.backbone.deepest()

    def inference_net(self) -> EmbeddingNet:
        """The trunk alone; for f_c the branches too, without their classifiers."""
        return EmbeddingNet(self._describing())

    def _describing(self) -> nn.Module:
        if not self._concatenates:
            return self.trunk
        return ConcatenatedEmbeddings(self.trunk, [branch.get_submodule("embedding") for branch in self.branches.values()])


def _embeddings(config: DeepPersonConfig, backbone: Backbone, image_height: int) -> dict[str, nn.Module]:
    channels, stride = backbone.channels[backbone.last], backbone.strides[backbone.last][0]
    embeddings: dict[str, nn.Module] = {}
    if config.part != "none":
        embeddings["part"] = PartEmbedding(
            config.part,
            channels,
            parts=-(-image_height // stride),
            hidden=config.hidden,
            embedding=config.embedding,
        )
    if config.whole:
        embeddings["global"] = GlobalEmbedding(channels, config.embedding)
    return embeddings
