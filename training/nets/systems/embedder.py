"""The embedder that Sightline ships: the best trade of the papers' systems on a small trunk.

Of the joint-loss system: head, trunk and lower limbs pooled from a map that is still fine, by key points or, without them, in
fixed stripes. Of LRDNN: a head for each attribute. Of the strong baseline: BN-neck, smoothed labels, batch-hard triplets.
Branches narrower than the trunk keep it under 3 M parameters at inference.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from training.batch import Inputs
from training.nets.described import DescribedNet
from training.nets.embedding_net import EmbeddingNet
from training.nets.heads.bn_neck import BNNeck
from training.nets.heads.classifier import Classifier
from training.nets.joint_loss.config import JointLossConfig
from training.nets.roi import Windows
from training.nets.system import EmbeddingSystem, Outputs
from training.nets.systems.joint_loss import JointLossDescriptor


class Embedder(EmbeddingSystem):
    """Logits ``identity`` and ``attribute/<name>``; feature ``joined`` before the BN-neck, matched behind it.

    Args:
        config: of the regions and their trunk.
        classes: K identities.
        attributes: attribute -> how many values it has; empty = it names none.

    Attributes:
        attributes: as given.

    Raises:
        ConfigurationError: as :class:`training.nets.systems.joint_loss.JointLossDescriptor`.
    """

    def __init__(self, config: JointLossConfig, *, classes: int, attributes: Mapping[str, int]) -> None:
        super().__init__()
        self.attributes = dict(attributes)
        self.descriptor = JointLossDescriptor(config)
        self.embedding_dim = self.descriptor.features
        self.neck = BNNeck(self.embedding_dim)
        self.classifier = Classifier(self.embedding_dim, classes, dropout=config.dropout, bias=False)
        self.attribute_heads = nn.ModuleList(Classifier(self.embedding_dim, values) for values in attributes.values())
        self.training_needs = frozenset({"keypoints"}) if config.regions == "landmarks" else frozenset()
        self.embedding_needs = self.training_needs

    def forward(self, inputs: Inputs) -> Outputs:
        joined = self.descriptor(inputs.images, inputs.keypoints)
        heads = zip(self.attributes, self.attribute_heads, strict=True)
        logits = {f"attribute/{name}": head(joined) for name, head in heads}
        return Outputs(logits={"identity": self.classifier(self.neck(joined)), **logits}, features={"joined": joined})

    def describe(self, inputs: Inputs) -> Tensor:
        described: Tensor = self.neck(self.descriptor(inputs.images, inputs.keypoints))
        return described

    def shown_maps(self) -> Mapping[str, nn.Module]:
        """The backbone's map at each resolution."""
        return self.descriptor.backbone.deepest()

    def windows(self, inputs: Inputs) -> Windows | None:
        """Head, trunk and lower limbs."""
        return self.descriptor.windows(inputs.images, inputs.keypoints) if self.descriptor.branches else None

    def inference_net(self) -> nn.Module:
        """Without the classifier; with the attributes where it has some."""
        if self.attributes:
            return DescribedNet(self.descriptor, self.neck, self.attribute_heads)
        return EmbeddingNet(_Necked(self.descriptor, self.neck))


class _Necked(nn.Module):
    """Images and key points -> the matching feature."""

    def __init__(self, describe: nn.Module, neck: nn.Module) -> None:
        super().__init__()
        self.describe, self.neck = describe, neck
        self.training = describe.training

    def forward(self, images: Tensor, *keypoints: Tensor) -> Tensor:
        described: Tensor = self.neck(self.describe(images, *keypoints))
        return described
