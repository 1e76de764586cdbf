"""What an evaluation is of: options that contradict each other are refused, and the names tell what was ranked."""

import subprocess
import sys

import pytest

from lavic_chat.errors import LavicError
from lavic_chat.evaluation.config import ABLATIONS, RANKERS, EvaluationConfig
from lavic_chat.evaluation.ranker_registry import MAKERS


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"top": 5}, "--top is how many are retrieved"),
        ({"fill": 20, "retrieve": True}, "--fill adds to a listed key"),
        ({"ablate": "no-images", "ranker": "bm25"}, "--ablate takes something from the model"),
        ({"ranker": "two-tower"}, "--ranker two-tower is trained"),
        ({"train_dialogues": "d.jsonl"}, "--ranker two-tower is trained"),
    ],
)
def test_options_that_do_not_go_together(options, sentence):
    with pytest.raises(LavicError, match=sentence):
        EvaluationConfig("d.jsonl", "out", **options)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "candidates"),
        ({"key": "candidates_st", "fill": 20, "history": 9}, "candidates_st, filled to 20, 9 turns"),
        ({"retrieve": True}, "retrieved"),
        ({"retrieve": True, "top": 20}, "retrieved, 20"),
    ],
)
def test_candidates_are_named(options, name):
    assert EvaluationConfig("d.jsonl", "out", **options).candidates == name


@pytest.mark.parametrize("path", ["all_beauty/valid.jsonl", "all_beauty/dialogues/test.jsonl"])
def test_the_domain_is_the_folder(tmp_path, path):
    assert EvaluationConfig(tmp_path / path, "out").domain == "all_beauty"


def test_every_ranker_that_is_offered_can_be_made():
    assert set(MAKERS) == set(RANKERS) and len(set(ABLATIONS)) == len(ABLATIONS)


def test_two_rankers_need_a_catalogue_only_to_retrieve():
    assert EvaluationConfig("d", "o").needs_catalog and not EvaluationConfig("d", "o", ranker="random").needs_catalog
    assert EvaluationConfig("d", "o", ranker="first", retrieve=True).needs_catalog


def test_the_command_line_lists_its_options_without_torch():
    code = "import sys, lavic_chat.cli.evaluate; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
