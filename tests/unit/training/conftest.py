"""What the tests of training share."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Nets as small as those here are slower with several threads, which wait for one another, above all beside other work."""
    torch.set_num_threads(1)
