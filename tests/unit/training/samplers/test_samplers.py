"""Samplers: what is in a batch, who gets which share, and what an epoch is."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.errors import ConfigurationError
from sightline.types import Int64Array
from training.config import IdentityBalanced, Shuffled
from training.samplers.build import build_sampler
from training.samplers.identity_balanced import IdentityBalancedSampler
from training.samplers.sampler import Sampler, Share
from training.samplers.shuffled import ShuffledSampler

pictures_of_each = st.lists(st.integers(1, 9), min_size=2, max_size=12)


def classes_of(counts: list[int]) -> Int64Array:
    """Identity i has counts[i] pictures, in a mixed order."""
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int64)


def epoch_of(sampler: Sampler, epoch: int = 0, start: int = 0) -> list[list[int]]:
    return [batch.tolist() for batch in sampler.batches(epoch, start)]


def balanced(counts: list[int], p: int, k: int, *, epoch: str = "identities", **more: object) -> IdentityBalancedSampler:
    return IdentityBalancedSampler(classes_of(counts), identities=p, instances=k, epoch=epoch, seed=3, **more)


@given(counts=pictures_of_each, p=st.integers(2, 4), k=st.integers(1, 6))
def test_each_batch_has_p_identities_with_k_pictures_of_each(counts, p, k):
    if p > len(counts):
        return
    classes = classes_of(counts)
    batches = epoch_of(balanced(counts, p, k))
    assert len(batches) == len(counts) // p
    for batch in batches:
        people = classes[batch].reshape(p, k)
        assert (people == people[:, :1]).all()
        assert len(set(people[:, 0].tolist())) == p
        for hand, person in zip(np.array(batch).reshape(p, k), people[:, 0], strict=True):
            times = sorted(Counter(hand.tolist()).values())
            different = min(k, counts[person])
            assert len(times) == different
            assert times[-1] - times[0] <= 1


def test_an_epoch_of_identities_asks_each_once():
    counts = [3] * 12
    people = [person for batch in epoch_of(balanced(counts, 4, 2)) for person in classes_of(counts)[batch][::2]]
    assert sorted(people) == list(range(12))


def test_an_epoch_of_pictures_is_as_long_as_the_set_and_asks_identities_equally_often():
    counts = [40, 2, 2, 2, 2, 16]
    sampler = balanced(counts, 3, 2, epoch="pictures")
    batches = epoch_of(sampler)
    assert len(batches) == len(sampler) == 64 // 6
    asked = Counter(int(person) for batch in batches for person in classes_of(counts)[batch][::2])
    assert max(asked.values()) - min(asked.values()) <= 1
    of_the_first = Counter(index for batch in batches for index in batch if classes_of(counts)[index] == 0)
    assert set(of_the_first.values()) == {1}, "40 pictures, fewer than 40 asked for: none comes twice"


@given(counts=pictures_of_each, world=st.integers(1, 3), each=st.integers(2, 3), k=st.integers(1, 4), epoch=st.integers(0, 3))
def test_workers_share_one_sequence_out_by_whole_identities(counts, world, each, k, epoch):
    if world * each > len(counts):
        return
    classes = classes_of(counts)
    alone = epoch_of(balanced(counts, world * each, k), epoch)
    shares = [epoch_of(balanced(counts, world * each, k, share=Share(rank, world)), epoch) for rank in range(world)]
    for number, batch in enumerate(alone):
        parts = [share[number] for share in shares]
        assert list(chain(*parts)) == batch
        people = [set(classes[part].tolist()) for part in parts]
        assert all(len(some) == each for some in people)
        assert sum(map(len, people)) == len(set.union(*people))


@given(size=st.integers(8, 60), world=st.sampled_from([1, 2, 4]), epoch=st.integers(0, 3))
def test_a_shuffled_epoch_sees_each_picture_at_most_once_over_all_workers(size, world, epoch):
    shares = [epoch_of(ShuffledSampler(size, batch_size=8, seed=1, share=Share(rank, world)), epoch) for rank in range(world)]
    alone = epoch_of(ShuffledSampler(size, batch_size=8, seed=1), epoch)
    assert len(alone) == size // 8
    assert [list(chain(*parts)) for parts in zip(*shares, strict=True)] == alone
    seen = list(chain(*alone))
    assert len(set(seen)) == len(seen) == size // 8 * 8


@pytest.mark.parametrize(
    "make", [lambda: balanced([3] * 12, 4, 2, epoch="pictures"), lambda: ShuffledSampler(50, batch_size=8, seed=2)]
)
def test_seed_and_epoch_decide_and_a_resumed_epoch_goes_on_the_same(make):
    whole = epoch_of(make(), epoch=5)
    assert epoch_of(make(), epoch=5) == whole
    assert epoch_of(make(), epoch=5, start=2) == whole[2:]
    assert epoch_of(make(), epoch=5, start=len(whole)) == []
    assert epoch_of(make(), epoch=6) != whole


def test_the_seed_changes_the_order():
    assert epoch_of(ShuffledSampler(50, batch_size=8, seed=2)) != epoch_of(ShuffledSampler(50, batch_size=8, seed=3))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: balanced([3] * 3, 4, 2), "at most the set's 3"),
        (lambda: balanced([1] * 4, 4, 2, epoch="pictures"), "more than the set's 4"),
        (lambda: balanced([3] * 9, 6, 2, share=Share(0, 4)), "at least two for each"),
        (lambda: balanced([3] * 9, 9, 2, share=Share(0, 4)), "multiple of the 4 workers"),
        (lambda: ShuffledSampler(7, batch_size=8, seed=0), "at most the 7"),
        (lambda: ShuffledSampler(9, batch_size=9, seed=0, share=Share(1, 2)), "multiple of the 2 workers"),
        (lambda: Share(2, 2), "expected 0 to 1"),
    ],
)
def test_what_cannot_be_sampled_is_refused(make, says):
    with pytest.raises(ConfigurationError, match=says):
        make()


def test_the_config_names_the_sampler():
    classes = classes_of([4] * 6)
    pk = build_sampler(IdentityBalanced(identities=3, instances=2, epoch="identities"), classes, seed=0)
    assert [len(batch) for batch in pk.batches(0)] == [6, 6]
    shuffled = build_sampler(Shuffled(batch_size=5), classes, seed=0)
    assert [len(batch) for batch in shuffled.batches(0)] == [5] * 4
