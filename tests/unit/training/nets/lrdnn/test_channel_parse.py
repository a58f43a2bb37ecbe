"""The channel parse block, recomputed."""

import torch

from training.nets.lrdnn.channel_parse import ChannelParseBlock


def test_channels_are_weighed_by_two_layers_on_their_means() -> None:
    torch.manual_seed(0)
    block, maps = ChannelParseBlock(8, reduction=4), torch.randn(3, 8, 4, 2)
    means = maps.mean(dim=(2, 3))
    hidden = (means @ block.squeeze.weight[:, :, 0, 0].T + block.squeeze.bias).clamp(min=0)
    weights = 1 / (1 + torch.exp(-(hidden @ block.excite.weight[:, :, 0, 0].T + block.excite.bias)))
    torch.testing.assert_close(block(maps), maps * weights[:, :, None, None])
    torch.testing.assert_close(block.weights(maps)[:, :, 0, 0], weights)


def test_its_size_is_that_of_two_1x1_convolutions() -> None:
    block = ChannelParseBlock(57, reduction=4)
    assert sum(p.numel() for p in block.parameters()) == 57 * 14 + 14 + 14 * 57 + 57
    assert ChannelParseBlock(3, reduction=16).squeeze.out_channels == 1
