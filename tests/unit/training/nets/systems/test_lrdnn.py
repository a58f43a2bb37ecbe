"""LRDNN: what each phase computes and teaches, what is exported of it, and how large the paper's net is."""

import pytest
import torch
from support.exported_net import ExportedNet, people_to_see
from torch import Tensor

from training.batch import Inputs
from training.nets.backbones.config import NarrowResidualConfig, ResNetConfig
from training.nets.bilinear import CompactBilinear
from training.nets.lrdnn.branches import LrdnnConfig
from training.nets.lrdnn.pose_fusion import FusionConfig
from training.nets.openpose.map_spec import PAPER_MAPS
from training.nets.openpose.pose_net import PoseNetConfig
from training.nets.systems.lrdnn import Lrdnn, MainBranch
from training.optimisers import freeze

SIZE = (64, 32)
ATTRIBUTES = {"hat": 2, "age": 4}
SMALL = {
    "backbone": NarrowResidualConfig(channels=(8, 8, 16, 16)),
    "pose": PoseNetConfig(width=0.0625, batch_norm=True),
    "fusion": FusionConfig(sketch_width=32),
}


def people(count: int = 4, seed: int = 0) -> Inputs:
    return Inputs(*people_to_see(count, SIZE, seed=seed))


def lrdnn(*, learns_maps: bool = False, **values: object) -> Lrdnn:
    torch.manual_seed(0)
    return Lrdnn(LrdnnConfig(**{**SMALL, **values}), classes=5, attributes=ATTRIBUTES, learns_maps=learns_maps)


def in_phase(system: Lrdnn, *frozen: str) -> Lrdnn:
    freeze(system, frozen)
    return system


def identity_phase(system: Lrdnn) -> Lrdnn:
    return in_phase(system, "heads.attributes", "branches.fusion", "fused_heads")


def fusion_phase(system: Lrdnn) -> Lrdnn:
    return in_phase(system, "branches.pose", "heads")


def shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in tensors.items()}


def taught(system: torch.nn.Module, loss: Tensor) -> set[str]:
    """The children, two levels down, that a loss teaches."""
    system.zero_grad()
    loss.backward()
    names = (name for name, p in system.named_parameters() if p.grad is not None and p.grad.any())
    return {".".join(name.split(".")[:2]) for name in names}


HEADS = {"identity": (4, 5), "attribute/hat": (4, 2), "attribute/age": (4, 4)}


def test_the_main_branch_tells_identity_and_attributes_from_pool5() -> None:
    torch.manual_seed(0)
    system = MainBranch(LrdnnConfig(**SMALL), classes=5, attributes=ATTRIBUTES)
    outputs = system(people())
    assert shapes(dict(outputs.logits)) == HEADS
    assert not outputs.maps
    assert system.embed(people()).shape == (4, system.embedding_dim) == (4, 16)
    assert system.training_needs == system.embedding_needs == frozenset()


def test_every_value_is_as_likely_as_the_others_before_anything_is_learnt() -> None:
    system = fusion_phase(lrdnn())
    for outputs in (system(people()), identity_phase(lrdnn())(people())):
        for name, logits in outputs.logits.items():
            assert logits.softmax(dim=1).detach() == pytest.approx(1 / HEADS[name][1], abs=0.02)


def test_in_the_first_phase_both_branches_learn_and_neither_teaches_the_other() -> None:
    system = identity_phase(lrdnn(learns_maps=True))
    outputs = system(people())
    assert shapes(dict(outputs.logits)) == HEADS
    assert [tuple(stage.shape) for stage in outputs.maps["confidence"]] == [(4, 15, 8, 4)] * 3
    assert [tuple(stage.shape) for stage in outputs.maps["affinity"]] == [(4, 26, 8, 4)] * 3
    maps = sum(stage.square().sum() for stages in outputs.maps.values() for stage in stages)
    assert taught(system, maps) == {"branches.pose"}
    assert taught(system, system(people()).logits["identity"].square().sum()) == {"branches.trunk", "heads.identity"}


def test_while_the_fusion_waits_pool5_is_matched_and_the_weights_remember_it() -> None:
    system = identity_phase(lrdnn())
    system(people())
    inputs = people(3)
    restored = lrdnn()
    restored.load_state_dict(system.state_dict())
    for net in (system.eval(), restored.eval()):
        torch.testing.assert_close(net.describe(inputs), net.branches.trunk(inputs.images))
    assert not any("pose" in name for name, _ in system.inference_net().named_modules())


def test_frozen_pose_nets_are_not_computed_before_the_fusion_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    system = in_phase(lrdnn(), "branches.pose", "branches.fusion", "fused_heads")

    def refuse(images: Tensor) -> None:
        raise AssertionError("the pose net was run")

    monkeypatch.setattr(system.branches.pose, "forward", refuse)
    assert shapes(dict(system(people()).logits)) == HEADS
    system.eval().describe(people())


def test_in_the_last_phase_heads_on_the_fused_feature_teach_the_main_branch() -> None:
    system = fusion_phase(lrdnn())
    outputs = system(people())
    assert shapes(dict(outputs.logits)) == HEADS
    assert not outputs.maps
    loss = torch.stack([value.square().sum() for value in outputs.logits.values()]).sum()
    assert taught(system, loss) == {"branches.trunk", "branches.fusion", "fused_heads.identity", "fused_heads.attributes"}
    pooling = system.branches.fusion.pooling
    assert isinstance(pooling, CompactBilinear), "training keeps the Fourier transforms"
    assert system.eval().describe(people()).shape == (4, 32)


def test_a_pose_branch_that_is_not_frozen_learns_from_identities_too() -> None:
    system = in_phase(lrdnn(), "heads")
    assert "branches.pose" in taught(system, system(people()).logits["identity"].square().sum())


def test_a_stream_that_is_left_out_changes_nothing() -> None:
    system = lrdnn(streams=("affinity",), maps_from="keypoints").eval()
    inputs = people()
    moved = people()
    assert moved.keypoints is not None
    moved.keypoints[:, -5:, :2] = 0  # the face has no limb among Market's 14 joints
    assert torch.equal(system.describe(inputs), system.describe(moved))


@pytest.mark.parametrize(("retrieval", "width"), [("fused", 32), ("pool5", 16), ("both", 48)])
def test_what_is_matched_is_a_choice(retrieval: str, width: int) -> None:
    system = lrdnn(retrieval=retrieval).eval()
    assert system.describe(people()).shape == (4, width)
    assert system.embedding_dim == width
    torch.testing.assert_close(system.embed(people()).norm(dim=1), torch.ones(4))


def test_only_nets_that_use_key_points_ask_for_them() -> None:
    keypoints = frozenset({"keypoints"})
    assert (lrdnn().training_needs, lrdnn().embedding_needs) == (frozenset(), frozenset())
    assert (lrdnn(learns_maps=True).training_needs, lrdnn(learns_maps=True).embedding_needs) == (keypoints, frozenset())
    drawn = lrdnn(maps_from="keypoints")
    assert (drawn.training_needs, drawn.embedding_needs) == (keypoints, keypoints)
    with pytest.raises(ValueError, match="needs key points"):
        drawn.eval().describe(Inputs(people().images))


def test_activities_are_the_lengths_of_what_is_joined() -> None:
    system = lrdnn(maps_from="keypoints", fusion=FusionConfig(sketch_width=4096, signed_root=False)).eval()
    inputs = people()
    before, posed, joined = system.branches.activities(inputs.images, inputs.keypoints)
    assert before.shape == posed.shape == joined.shape == (4, 4, 2)
    torch.testing.assert_close(before, system.branches.trunk.map(inputs.images).square().sum(dim=1).sqrt())
    features = system.branches.trunk.map(inputs.images)
    main, pose = system.branches.fusion.operands(features, system.branches.pose_stages(inputs.images, inputs.keypoints)[-1])
    torch.testing.assert_close(posed, pose.square().sum(dim=1).sqrt())
    sketched = system.branches.fusion.pooling(main[:, :, 1, 1, None], pose[:, :, 1, 1, None]).norm(dim=1)
    assert sketched.detach() == pytest.approx(joined[:, 1, 1].detach(), rel=0.2)


def after_a_step(system: Lrdnn) -> Lrdnn:
    """Running statistics that are not those of the beginning."""
    fusion_phase(system)(people(8, seed=5))
    return system


def test_the_export_holds_its_pose_maps_and_gives_the_same_embeddings() -> None:
    system = after_a_step(lrdnn())
    net = system.inference_net()
    exported = ExportedNet(net, people(2).images)
    for count in (1, 3):
        inputs = people(count, seed=count)
        expected = system.eval().embed(inputs).detach()
        torch.testing.assert_close(torch.from_numpy(exported(inputs.images)), expected, atol=1e-3, rtol=0)
    assert isinstance(system.branches.fusion.pooling, CompactBilinear), "the system itself goes on training"
    assert not any("heads" in name for name, _ in net.named_parameters())


def test_the_export_draws_its_maps_from_key_points_where_that_is_chosen() -> None:
    system = after_a_step(lrdnn(maps_from="keypoints"))
    inputs = people(2)
    assert inputs.keypoints is not None
    exported = ExportedNet(system.inference_net(), inputs.images, inputs.keypoints)
    for count in (1, 3):
        inputs = people(count, seed=count)
        assert inputs.keypoints is not None
        expected = system.eval().embed(inputs).detach()
        found = torch.from_numpy(exported(inputs.images, inputs.keypoints))
        torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)


def test_the_papers_net() -> None:
    config = LrdnnConfig(maps=PAPER_MAPS)
    assert config.backbone == ResNetConfig()
    system = Lrdnn(config, classes=751, attributes=ATTRIBUTES)

    def size(module: torch.nn.Module) -> int:
        return sum(p.numel() for p in module.parameters())

    assert size(system.branches.trunk) == 23_508_032
    assert size(system.branches.pose) == 25_956_971
    assert size(system.branches.fusion) == 57 * 14 + 14 + 14 * 57 + 57
    assert size(system.heads) == size(system.fused_heads) == (2048 + 1) * (751 + 2 + 4)
    with torch.inference_mode():
        embedding = system.eval().embed(Inputs(people_to_see(1, (256, 128))[0]))
    assert embedding.shape == (1, 2048)
