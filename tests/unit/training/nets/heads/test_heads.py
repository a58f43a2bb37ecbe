"""Heads that several systems share."""

from __future__ import annotations

import torch

from training.nets.heads.bn_neck import BNNeck
from training.nets.heads.classifier import Classifier
from training.nets.heads.fully_connected import fully_connected
from training.nets.heads.pointwise import PointwiseHead


def test_the_necks_shift_stays_at_zero() -> None:
    neck = BNNeck(4)
    features = torch.randn(8, 4, generator=torch.Generator().manual_seed(0)) + 3
    normed = neck(features)
    normed.square().sum().backward()
    assert neck.bias.grad is None
    assert neck.weight.grad is not None
    torch.testing.assert_close(normed, (features - features.mean(0)) / (features.var(0, unbiased=False) + neck.eps).sqrt())


def test_a_classifier_begins_undecided() -> None:
    torch.manual_seed(0)
    logits = Classifier(64, 10)(torch.randn(5, 64))
    torch.testing.assert_close(logits.softmax(1), torch.full((5, 10), 0.1), atol=0.01, rtol=0)


def test_a_classifiers_dropout_is_for_learning_only() -> None:
    torch.manual_seed(0)
    classifier = Classifier(64, 10, dropout=0.5, bias=False)
    assert [name for name, _ in classifier.named_parameters()] == ["1.weight"]
    features = torch.ones(1, 64)
    assert not torch.equal(classifier(features), classifier(features))
    classifier.eval()
    assert torch.equal(classifier(features), classifier(features))


def test_a_fully_connected_layer_ends_in_positive_features() -> None:
    torch.manual_seed(0)
    layer = fully_connected(6, 3, dropout=0.5)
    described = layer(torch.randn(40, 6))
    assert described.shape == (40, 3)
    assert described.min() == 0
    layer.eval()
    assert torch.equal(layer(torch.ones(1, 6)), layer(torch.ones(1, 6)))


def test_a_pointwise_head_is_a_linear_layer_of_the_average() -> None:
    torch.manual_seed(0)
    head = PointwiseHead(6, 3)
    value = torch.randn(2, 6, 4, 5)
    expected = value.mean(dim=(2, 3)) @ head.conv.weight[:, :, 0, 0].T + head.conv.bias
    torch.testing.assert_close(head(value), expected)
