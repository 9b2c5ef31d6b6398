import numpy as np
import pytest

from sgn_sciml.operators.batches import Batches


def items(batches):
    return [(group, item) for group, part in batches for item in part]


def everything(*sizes):
    return sorted((group, item) for group, size in enumerate(sizes) for item in range(size))


def test_evaluation_is_in_order_with_a_short_last_batch():
    batches = list(Batches([7], 3))
    assert [part.tolist() for _, part in batches] == [[0, 1, 2], [3, 4, 5], [6]]
    assert len(Batches([7], 3)) == 3


@pytest.mark.parametrize("chunks", [[1, 1], [4, 8]])
def test_training_takes_every_item_once(chunks):
    batches = Batches([50, 33], 8, chunks, shuffle=True)
    assert sorted(items(batches)) == everything(50, 33)
    assert len(list(batches)) == len(batches)


def test_a_batch_never_mixes_groups():
    assert {len(part) for _, part in Batches([9, 9], 4, shuffle=True)} == {4, 1}


def test_order_depends_on_the_epoch_and_the_seed_only():
    def order(seed, epoch):
        batches = Batches([40], 5, shuffle=True, seed=seed)
        batches.set_epoch(epoch)
        return items(batches)

    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2)
    assert order(0, 1) != order(1, 1)


@pytest.mark.parametrize("world", [2, 3])
def test_ranks_share_an_evaluation_without_duplicates(world):
    shares = [Batches([23], 4, rank=rank, world=world) for rank in range(world)]
    assert sorted(item for share in shares for item in items(share)) == everything(23)
    assert [len(list(share)) for share in shares] == [len(share) for share in shares]


def test_ranks_train_on_equally_many_batches_and_miss_none():
    shares = [Batches([23], 4, shuffle=True, rank=rank, world=4) for rank in range(4)]
    assert {len(list(share)) for share in shares} == {2}
    assert {item for share in shares for item in items(share)} == set(everything(23))


def test_more_ranks_than_batches():
    shares = [Batches([3], 4, shuffle=True, rank=rank, world=3) for rank in range(3)]
    assert [len(list(share)) for share in shares] == [1, 1, 1]


def test_chunks_are_visited_a_few_at_a_time():
    order = np.concatenate([part for _, part in Batches([100_000], 20, [100], shuffle=True)])
    first = order[:4096]
    assert len(np.unique(first // 100)) <= 42  # of a thousand chunks
    assert (np.diff(first) != 1).mean() > 0.9  # but well mixed
