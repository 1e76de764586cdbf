"""Prototypes in an adapter's folder: of one encoder and one thesaurus, or none."""

import logging

import numpy as np
import pytest
from helpers.toys import WordEncoder

from lavic_chat.nlu.prototypes import Prototypes, mean_prototypes
from lavic_chat.nlu.thesaurus import Thesaurus, Thing
from lavic_chat.retrieval.text_prototypes import load_prototypes, save_prototypes

THINGS = Thesaurus((Thing(("sofa", "couch"), (), ("seats three",)), Thing(("lamp",))))
ENCODER = WordEncoder()


@pytest.fixture
def saved(tmp_path):
    path = save_prototypes(mean_prototypes(THINGS, ENCODER), tmp_path, "words", THINGS)
    return tmp_path, path


def test_what_is_saved_is_read(saved):
    folder, path = saved
    found, made = load_prototypes(folder, "words", THINGS), mean_prototypes(THINGS, ENCODER)
    assert isinstance(found, Prototypes) and path.parent.name == "retriever"
    for name in ("projection", "names", "phrases"):
        assert getattr(found, name) == pytest.approx(getattr(made, name), abs=1e-3)


def test_those_of_others_are_not_used(saved):
    folder, _ = saved
    assert load_prototypes(folder, "other words", THINGS) is None
    assert load_prototypes(folder, "words", Thesaurus(THINGS.things[:1])) is None
    assert (
        load_prototypes(folder / "nowhere", "words", THINGS) is None and load_prototypes(None, "words", THINGS) is None
    )


@pytest.mark.parametrize("harm", ["cut", "zeros", "nan", "shapes"])
def test_damaged_ones_are_told_and_not_used(saved, caplog, harm):
    folder, path = saved
    good = mean_prototypes(THINGS, ENCODER)
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-90])
    elif harm == "zeros":
        path.write_bytes(bytes(500))
    else:
        names = np.full_like(good.names, np.nan) if harm == "nan" else good.names[:1]
        save_prototypes(Prototypes(good.projection, names, good.phrases), folder, "words", THINGS)
    with caplog.at_level(logging.WARNING):
        assert load_prototypes(folder, "words", THINGS) is None
    assert "is damaged" in caplog.text and "Traceback" not in caplog.text
