"""What is known of a photo goes with it."""

from pathlib import Path

import numpy as np

from lavic_chat.features.photo_memory import KEPT, MOST, PhotoMemory

STATES = np.ones((5, 4), np.float32)


def test_states_are_kept_while_the_photo_is_there(tmp_path: Path):
    path, memory = tmp_path / "a.jpg", PhotoMemory()
    path.touch()
    memory.keep(path, "key", STATES)
    assert memory.recall(path, "key") is STATES and memory.recall(path, "other bytes") is None
    copy = path.rename(tmp_path / "b.jpg")
    assert memory.recall(copy, "key") is STATES
    memory.forget_gone()
    assert len(memory) == 1
    copy.unlink()
    memory.forget_gone()
    assert len(memory) == 0


def test_so_many_and_so_long(tmp_path: Path):
    now = [0.0]
    path, memory = tmp_path / "a.jpg", PhotoMemory(lambda: now[0])
    path.touch()
    for number in range(MOST + 5):
        memory.keep(path, str(number), STATES)
    assert len(memory) == MOST and memory.recall(path, "4") is None
    now[0] = KEPT + 1
    memory.forget_gone()
    assert len(memory) == 0
