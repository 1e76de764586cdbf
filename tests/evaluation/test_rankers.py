"""Rankers of the evaluation: baselines, and what an ablation really takes away."""

from dataclasses import replace

import pytest
import torch
from helpers.margins import amplified, assert_apart
from helpers.tiny import tiny_model
from helpers.toys import WordEncoder, random_states, said

from lavic_chat.catalog import Catalog, Product
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.cases import cases_by_key, cases_by_retrieval, check_answers, check_products
from lavic_chat.evaluation.evaluator import evaluate_cases, format_metrics
from lavic_chat.evaluation.rankers import make_bm25, make_model, make_random, make_search, rank_first, sort_by_score
from lavic_chat.features.item import ItemFeatures
from lavic_chat.ranking import GENERATE, Ranker, RankerConfig, Ranking
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.storage.files import read_jsonl

FOUR = ("sofa-red", "sofa-green", "lamp-red", "chair-blue")


def conversation(*messages: str, gt=("lamp-red",), **candidates) -> Conversation:
    return Conversation(
        said(*messages), tuple(gt), {key: tuple(ids) for key, ids in candidates.items()}, "home", "line 1"
    )


LAMP = conversation("a beacon table lamp, please")


def test_first_keeps_the_order():
    assert rank_first(LAMP, FOUR).ranking == FOUR
    assert (rank_first(LAMP, FOUR).set, rank_first(LAMP, FOUR).where) == ("home", "line 1")


def test_random_is_a_seeded_shuffle():
    rankings = [[make_random(seed)(LAMP, FOUR).ranking for _ in range(1)] for seed in (1, 1, 2, 3)]
    assert rankings[0] == rankings[1] and len({tuple(map(tuple, ranking)) for ranking in rankings}) > 1
    assert all(sorted(ranking[0]) == sorted(FOUR) for ranking in rankings)
    rank = make_random(0)
    assert len({rank(LAMP, FOUR).ranking for _ in range(20)}) > 5


def test_equal_scores_keep_the_listed_order():
    assert sort_by_score(LAMP, FOUR, [1, 2, 2, 0]).ranking == ("sofa-green", "lamp-red", "sofa-red", "chair-blue")


@pytest.mark.parametrize("ranker", ["bm25", "sbert"])
def test_words_in_common_come_first(tiny_catalog, ranker):
    rank = make_bm25(tiny_catalog) if ranker == "bm25" else make_search(tiny_catalog, Embedder(WordEncoder()))
    assert rank(LAMP, FOUR).pick == "lamp-red"
    assert rank(conversation("a harbour sofa", "no, rather a mill armchair armchair"), FOUR).pick == "chair-blue"


def test_bm25_reads_the_seeker_alone(tiny_catalog):
    dialogue = said("a beacon lamp").answer("Harbour sofa, harbour sofa, harbour sofa?")
    assert make_bm25(tiny_catalog)(Conversation(dialogue, ()), FOUR).pick == "lamp-red"


@pytest.mark.parametrize("words", ["🛋️", "the", "zzz", "深绿色的沙发"])
def test_words_that_match_nothing_keep_the_order(tiny_catalog, words):
    assert make_bm25(tiny_catalog)(conversation(words), FOUR).ranking == FOUR


def test_products_without_a_word_keep_the_order(tmp_path):
    catalog = Catalog(tmp_path, (Product("a", "🛋️", ""), Product("b", "🪑", "")))
    assert make_bm25(catalog)(LAMP, ("b", "a")).ranking == ("b", "a")


# ---- the model ----


@pytest.fixture
def model():
    return amplified(tiny_model())


@pytest.fixture
def states(model, tiny_catalog):
    return dict(zip(tiny_catalog.by_id, random_states(12, model), strict=True))


class Watching(Ranker):
    """Remembers the states and the words that it was given, and what it found."""

    def rank(self, dialogue, products, item_features, photo=None, query_scores=None) -> Ranking:
        self.given, self.captions = ([getattr(one, name) for one in item_features] for name in ("states", "caption"))
        self.found = super().rank(dialogue, products, item_features, photo, query_scores)
        return self.found


def item_features(states) -> dict[str, ItemFeatures]:
    return {item: ItemFeatures(row, f"caption of {item}") for item, row in states.items()}


def test_words_go_with_their_pictures(tiny_catalog, model, states):
    ranker = Watching(model)
    for ablate in (None, "shuffled-images"):
        make_model(tiny_catalog, ranker, item_features(states), ablate, 0)(LAMP, FOUR)
        owners = [next(item for item in FOUR if torch.equal(row, states[item])) for row in ranker.given]
        assert ranker.captions == [f"caption of {item}" for item in owners]
    make_model(tiny_catalog, ranker, item_features(states), "no-images", 0)(LAMP, FOUR)
    assert ranker.captions == [""] * 4


def test_the_model_ranks_as_chat_does(tiny_catalog, model, states):
    ranker = Ranker(model)
    found = make_model(tiny_catalog, ranker, item_features(states), None, 0)(LAMP, FOUR)
    seen, products = item_features(states), [tiny_catalog[item] for item in FOUR]
    chances = ranker.rank(LAMP.dialogue, products, [seen[item] for item in FOUR]).probabilities
    assert_apart(chances)
    assert found.ranking == tuple(sorted(FOUR, key=lambda item: -chances[FOUR.index(item)]))
    assert found.confidence == pytest.approx(max(chances), abs=1e-4)


def test_search_has_its_say_where_it_is_given(tiny_catalog, model, states):
    ranker, alone = Watching(model, RankerConfig(retrieval_weight=50.0)), Watching(model)
    embedder = Embedder(WordEncoder())
    said = {item: item.split("-")[1] for item in states}  # the pictures' colours
    asked = replace(LAMP, dialogue=Dialogue().say("the blue one"))
    seen = {item: ItemFeatures(row, said[item]) for item, row in states.items()}
    rank = make_model(tiny_catalog, ranker, seen, None, 0, embedder)
    assert rank(asked, FOUR).pick == "chair-blue" == make_search(tiny_catalog, embedder, seen)(asked, FOUR).pick
    rank_blind = make_model(tiny_catalog, ranker, seen, "no-images", 0, embedder)
    rank_alone = make_model(tiny_catalog, alone, seen, "no-images", 0)
    for offered in (FOUR, FOUR[1:]):  # nothing but titles counts now; the second time each has one of its own
        blind, unaided = rank_blind(asked, offered), rank_alone(asked, offered)
        assert ranker.found.probabilities == pytest.approx(alone.found.probabilities, abs=1e-4)
    assert_apart(alone.found.probabilities)
    assert blind.ranking == unaided.ranking


def test_without_images_every_picture_is_the_same(tiny_catalog, model, states):
    ranker = Watching(model)
    rank = make_model(tiny_catalog, ranker, item_features(states), "no-images", 0)
    rank(LAMP, FOUR)
    blank = torch.stack(list(states.values())).mean(0)
    assert all(torch.allclose(row, blank) for row in ranker.given)
    sofas = tuple(item for item in tiny_catalog.by_id if item.startswith("sofa"))  # one title, so nothing is left
    assert rank(LAMP, sofas).confidence == pytest.approx(0.25, abs=1e-4)


def test_shuffled_images_go_to_the_wrong_product(tiny_catalog, model, states):
    ranker = Watching(model)
    rank = make_model(tiny_catalog, ranker, item_features(states), "shuffled-images", 0)
    for _ in range(10):
        rank(LAMP, FOUR)
        own = [torch.equal(row, states[item]) for row, item in zip(ranker.given, FOUR, strict=True)]
        assert not any(own)
        given = {next(item for item in FOUR if torch.equal(row, states[item])) for row in ranker.given}
        assert given == set(FOUR)
    assert rank(LAMP, FOUR[:1]).ranking == FOUR[:1]


def test_ablations_leave_the_states_alone(tiny_catalog, model, states):
    before = {item: row.clone() for item, row in states.items()}
    for ablate in (None, "no-images", "shuffled-images"):
        make_model(tiny_catalog, Ranker(model), item_features(states), ablate, 0)(LAMP, FOUR)
    assert all(torch.equal(states[item], row) for item, row in before.items())


def test_an_answer_that_names_nobody_is_not_valid(tiny_catalog, model, states, monkeypatch):
    rank = make_model(tiny_catalog, Ranker(model, RankerConfig(GENERATE)), item_features(states), None, 0)
    for answer, valid in (("none", False), ("C", True)):
        monkeypatch.setattr(model, "generate", lambda embeddings, length, answer=answer: answer)
        found = rank(LAMP, FOUR)
        assert found.valid is valid and found.pick == ("lamp-red" if valid else None)


# ---- one evaluation ----


def test_cases_are_taken_from_the_chosen_key():
    conversations = [conversation("one", st=FOUR), conversation("two", st=[]), conversation("three", other=FOUR)]
    assert [case.ids for case in cases_by_key(conversations, "st")] == [FOUR]
    with pytest.raises(DialogueError, match=r"no candidates under 'none' \(there: other, st\)"):
        cases_by_key(conversations, "none")
    with pytest.raises(DialogueError, match=r"\(there: none\)"):
        cases_by_key([], "st")


def test_products_that_the_catalogue_lacks_are_named_with_the_way_out(tiny_catalog):
    cases = cases_by_key([conversation("one", st=[*FOUR, "B07X", "B08Y"])], "st")
    with pytest.raises(DialogueError, match=r"2 of the 6 candidate products, B07X for one.*catalog import .* --to"):
        check_products(cases, tiny_catalog)


def test_retrieval_that_could_only_miss_is_refused(tiny_catalog):
    with pytest.raises(DialogueError, match=r"None of the products that the 1 conversations.*catalog import"):
        check_answers([conversation("one", gt=["B07X"])], tiny_catalog)
    check_answers([conversation("one", gt=["B07X"]), LAMP], tiny_catalog)


def test_retrieved_cases_keep_what_was_found():
    (case,) = cases_by_retrieval([LAMP], lambda one: ["a", "b"])
    assert case.conversation is LAMP and case.ids == ("a", "b")


def test_an_evaluation_writes_its_results(tmp_path):
    conversations = [conversation("one", gt=["sofa-red"], st=FOUR), conversation("two", gt=["none"], st=FOUR)]
    metrics = evaluate_cases(cases_by_key(conversations, "st"), rank_first, tmp_path / "out", {"ranker": "first"})
    assert metrics["overall"]["hr@1"] == 0.5 and metrics["about"]["ranker"] == "first"
    rows = [row for _, row in read_jsonl(tmp_path / "out" / "predictions.jsonl")]
    assert [(row["pick"], row["hit"]) for row in rows] == [("sofa-red", True), ("sofa-red", False)]
    table = format_metrics(metrics)
    assert "overall" in table and "0.5000" in table and "about" not in table


def test_nothing_to_evaluate_is_refused(tmp_path):
    with pytest.raises(DialogueError, match="nothing to evaluate"):
        evaluate_cases([], rank_first, tmp_path / "out", {})
    assert not (tmp_path / "out").exists()
