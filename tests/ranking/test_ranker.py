"""The ranker: three ways to score, the same in a batch as alone, photos included, probabilities that add up."""

import math
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers.margins import MARGIN, amplified, assert_apart, clear_argmax
from helpers.tiny import tiny_model
from helpers.toys import item_features, random_states, said

from lavic_chat.dialogue.turns import SEEKER, Dialogue, Turn
from lavic_chat.errors import ModelError
from lavic_chat.model import VIEWS
from lavic_chat.model.packing import pad
from lavic_chat.ranking import BRANCH, DECODES, GENERATE, LIST, Ranker, RankerConfig
from lavic_chat.ranking.prompt import IDS, PromptCandidate, PromptFormat, build_prompt
from lavic_chat.ranking.ranker import join_states, put_first, read_label
from lavic_chat.ranking.scoring import score_prompts, verdict_words
from lavic_chat.storage.cache import TextCache

TALK = said("a red sofa, please")


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@pytest.mark.parametrize("decode", DECODES)
def test_probabilities_add_up(model, tiny_catalog, decode):
    ranking = Ranker(model, RankerConfig(decode)).rank(
        TALK, tiny_catalog.products[:10], item_features(random_states(10, model))
    )
    assert len(ranking.probabilities) == 10
    assert sum(ranking.probabilities) == pytest.approx(1, abs=1e-5)
    assert min(ranking.probabilities) > 0
    assert ranking.visual_tokens == 10 * VIEWS
    assert ranking.prompt_tokens == len(
        Ranker(model, RankerConfig(decode))
        .make_prompt(
            TALK, tiny_catalog.products[:10], item_features(random_states(len(tiny_catalog.products[:10]), model))
        )
        .ids
    )


def test_trust_weighs_what_search_thinks(model, tiny_catalog):
    products, states = tiny_catalog.products[:3], random_states(3, model)
    alone = Ranker(model, RankerConfig(temperature=2.0)).rank(said("a lamp"), products, item_features(states))
    ranker = Ranker(model, RankerConfig(temperature=2.0, retrieval_weight=5.0))
    unsaid = ranker.rank(said("a lamp"), products, item_features(states))
    assert unsaid.probabilities == pytest.approx(alone.probabilities, abs=1e-6)
    both = ranker.rank(said("a lamp"), products, item_features(states), query_scores=[0.0, 0.4, 0.0]).probabilities
    odds = [chance / other for chance, other in zip(both, alone.probabilities, strict=True)]
    assert odds[1] / odds[0] == pytest.approx(math.exp(2.0), rel=1e-4) and odds[0] == pytest.approx(odds[2], rel=1e-4)


@pytest.mark.parametrize("decode", [BRANCH, LIST])
def test_the_temperature_flattens_and_keeps_the_order(tiny_catalog, decode):
    model = amplified(tiny_model())
    products, states = tiny_catalog.products[:5], random_states(5, model)
    cold, warm = (
        Ranker(model, RankerConfig(decode, heat)).rank(TALK, products, item_features(states)).probabilities
        for heat in (0.1, 10.0)
    )
    assert_apart(warm)
    order = sorted(range(5), key=cold.__getitem__)
    assert order == sorted(range(5), key=warm.__getitem__)
    assert max(warm) < max(cold)


def test_a_branch_ranking_does_not_depend_on_the_order(model, tiny_catalog):
    products, states = tiny_catalog.products[:6], random_states(6, model)
    order = [4, 0, 5, 2, 1, 3]
    first = Ranker(model).rank(TALK, products, item_features(states)).probabilities
    second = Ranker(model).rank(TALK, [products[row] for row in order], item_features(states[order])).probabilities
    assert second == pytest.approx([first[row] for row in order], abs=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("decode", [BRANCH, LIST])
def test_a_batch_scores_as_each_alone(model, tiny_catalog, decode):
    """Prompts of different lengths and counts, padded together."""
    ranker = Ranker(model, RankerConfig(decode))
    talks = [TALK, said("a lamp", "rather blue, for a small desk by the window"), said("chair")]
    counts = [3, 5, 2]
    prompts = [
        ranker.make_prompt(
            talk, tiny_catalog.products[:n], item_features(random_states(len(tiny_catalog.products[:n]), model))
        )
        for talk, n in zip(talks, counts, strict=True)
    ]
    tokens = [model.project(join_states(random_states(n, model, seed=n))) for n in counts]
    batch = score_prompts(model, prompts, tokens)
    assert len({len(prompt.ids) for prompt in prompts}) == 3
    for prompt, seen, together in zip(prompts, tokens, batch, strict=True):
        assert torch.allclose(score_prompts(model, [prompt], [seen])[0], together, atol=1e-5)
        assert torch.isfinite(together).all()


@torch.no_grad()
def test_a_pad_sees_only_itself(model, tiny_catalog):
    prompts = [
        Ranker(model).make_prompt(
            talk, tiny_catalog.products[:2], item_features(random_states(len(tiny_catalog.products[:2]), model))
        )
        for talk in (TALK, said("a lamp " * 9))
    ]
    tokens = [model.project(join_states(random_states(2, model)))] * 2
    embeddings, positions, mask = pad(model, prompts, tokens)
    size, length = len(prompts[0].ids), len(prompts[1].ids)
    assert embeddings.shape == (2, length, model.token_size) and mask.shape == (2, length, length)
    assert torch.equal(mask[0, size:], torch.eye(length, dtype=torch.bool)[size:])
    assert not mask[0, :size, size:].any()
    assert (embeddings[0, size:] == 0).all() and (positions[0, size:] == 0).all()


@pytest.mark.parametrize("decode", DECODES)
def test_a_photo_is_seen(tiny_catalog, decode):
    model = amplified(tiny_model())
    talk = Dialogue((Turn(SEEKER, "like this", Path("photo.jpg")),))
    products, states, photos = tiny_catalog.products[:3], random_states(3, model), random_states(2, model, seed=9)
    one, other = (
        Ranker(model, RankerConfig(decode)).rank(talk, products, item_features(states), photo) for photo in photos
    )
    assert one.visual_tokens == VIEWS * 4
    assert one.probabilities != pytest.approx(other.probabilities, abs=MARGIN)


def test_the_photos_states_come_first(model):
    states, photo = random_states(2, model), random_states(1, model, seed=5)[0]
    assert torch.equal(join_states(states, photo), torch.cat([photo, states[0], states[1]]))
    with pytest.raises(AssertionError):
        join_states(states[:, :3])


def test_a_photo_that_the_conversation_pushed_out_is_left_out(model, tiny_catalog):
    turns = Turn(SEEKER, "like this", Path("photo.jpg")), Turn(SEEKER, "words and " * 700)
    products, states = tiny_catalog.products[:3], random_states(3, model)
    ranking = Ranker(model).rank(Dialogue(turns), products, item_features(states), random_states(1, model)[0])
    assert ranking.visual_tokens == VIEWS * 3


def test_the_same_photo_in_two_turns_ranks(model, tiny_catalog):
    talk = Dialogue(tuple(Turn(SEEKER, text, Path("photo.jpg")) for text in ("like this", "again")))
    ranking = Ranker(model).rank(
        talk, tiny_catalog.products[:3], item_features(random_states(3, model)), random_states(1, model)[0]
    )
    assert ranking.visual_tokens == VIEWS * 4


def test_ranking_leaves_no_gradient_and_changes_nothing(model, tiny_catalog):
    states = random_states(3, model)
    before = states.clone()
    first = Ranker(model).rank(TALK, tiny_catalog.products[:3], item_features(states))
    again = Ranker(model).rank(TALK, tiny_catalog.products[:3], item_features(states))
    assert replace(again, probabilities=first.probabilities) == first
    assert again.probabilities == pytest.approx(first.probabilities, abs=1e-6)
    assert torch.equal(states, before)


def test_one_candidate_is_certain(model, tiny_catalog):
    for decode in DECODES:
        ranking = Ranker(model, RankerConfig(decode)).rank(
            TALK, tiny_catalog.products[:1], item_features(random_states(1, model))
        )
        assert ranking.probabilities == pytest.approx((1.0,))


def test_an_unknown_way_to_decode_is_told(model):
    with pytest.raises(ModelError, match="'dice'; choose branch, list, generate"):
        Ranker(model, RankerConfig("dice"))


# ---- generate ----


def say(model, monkeypatch, answer: str) -> None:
    monkeypatch.setattr(model, "generate", lambda prompts, length: [answer] * len(prompts), raising=True)


def test_generate_ranks_first_what_the_answer_names(model, tiny_catalog, monkeypatch):
    products, states = tiny_catalog.products[:4], random_states(4, model)
    listed = Ranker(model, RankerConfig(LIST)).rank(TALK, products, item_features(states)).probabilities
    for label, row in zip("ABCD", range(4), strict=True):
        say(model, monkeypatch, f" {label}.")
        ranking = Ranker(model, RankerConfig(GENERATE)).rank(TALK, products, item_features(states))
        assert ranking.named == row and max(ranking.probabilities) == ranking.probabilities[row]
        assert sorted(ranking.probabilities) == pytest.approx(sorted(listed), abs=1e-5)


def test_generate_that_names_nobody_says_so(model, tiny_catalog, monkeypatch):
    say(model, monkeypatch, "none of them, sorry")
    products, states = tiny_catalog.products[:4], random_states(4, model)
    ranking = Ranker(model, RankerConfig(GENERATE)).rank(TALK, products, item_features(states))
    assert ranking.named is None and ranking.answer == "none of them, sorry"
    assert ranking.probabilities == pytest.approx(
        Ranker(model, RankerConfig(LIST)).rank(TALK, products, item_features(states)).probabilities, abs=1e-5
    )


def test_generation_is_greedy_and_short(tiny_catalog):
    model = amplified(tiny_model())
    products, states = tiny_catalog.products[:3], random_states(3, model)
    prompt = Ranker(model, RankerConfig(LIST)).make_prompt(
        TALK, products, item_features(random_states(len(products), model))
    )
    tokens = model.project(join_states(states))
    embeddings = model.embed(prompt.ids, tokens)
    answer = Ranker(model, RankerConfig(GENERATE)).rank(TALK, products, item_features(states)).answer
    ids = []
    for _ in range(10):
        words = torch.cat([embeddings, model.core.get_input_embeddings()(torch.tensor(ids, dtype=torch.long))])
        best = clear_argmax(model.network(inputs_embeds=words[None]).logits[0, -1])
        if best == model.tokenizer.eos_token_id:
            break
        ids.append(best)
    assert answer == model.tokenizer.decode(ids, skip_special_tokens=True)


@pytest.mark.parametrize(
    ("answer", "named"),
    [("B", 1), (" C.", 2), ("The answer is D", 3), ("b", None), ("Bed", None), ("Z", None), ("", None), ("E", None)],
)
def test_labels_are_read(answer, named):
    assert read_label(answer, "ABCD") == named


@pytest.mark.parametrize(
    ("answer", "named"),
    [("B08LYS9WYD", 0), ("It is B08.", 1), ("B081", None), ("xB08", None), ("a+b", 2), ("aab", None), ("", None)],
)
def test_ids_are_read(answer, named):
    assert read_label(answer, ["B08LYS9WYD", "B08", "a+b"]) == named


@pytest.mark.parametrize("decode", [LIST, GENERATE])
def test_candidates_may_be_called_by_their_ids(model, tiny_catalog, decode):
    products, states = tiny_catalog.products[:4], random_states(4, model)
    ranking = Ranker(model, RankerConfig(decode, labeling=IDS)).rank(TALK, products, item_features(states))
    assert sum(ranking.probabilities) == pytest.approx(1) and ranking.visual_tokens == 20
    assert (
        ranking.probabilities
        != Ranker(model, RankerConfig(decode)).rank(TALK, products, item_features(states)).probabilities
    )


def test_an_unknown_labeling_is_told(model):
    with pytest.raises(ModelError, match="letters or ids"):
        Ranker(model, RankerConfig(LIST, labeling="numbers"))


def test_putting_first_swaps():
    assert put_first((0.2, 0.5, 0.3), 0) == (0.5, 0.2, 0.3)
    assert put_first((0.2, 0.5, 0.3), 1) == (0.2, 0.5, 0.3)
    assert put_first((0.2, 0.5, 0.3), None) == (0.2, 0.5, 0.3)


def test_answers_must_be_single_tokens(model):
    candidates = [PromptCandidate("Lamp")] * 26
    assert build_prompt(model, TALK, candidates, PromptFormat(LIST, 2048)).spelling.unique().numel() == 26
    assert verdict_words(model).tolist() == [model.words_to_ids(word)[0] for word in ("yes", "no")]


@pytest.mark.parametrize("decode", [BRANCH, LIST])
def test_products_may_have_several_pictures(model, tiny_catalog, decode):
    """Five tokens more for each; a product with one is judged on a branch as it was."""
    products, states = tiny_catalog.products[:3], random_states(4, model)
    plain = Ranker(model, RankerConfig(decode)).rank(TALK, products, item_features(states[:3]))
    several = Ranker(model, RankerConfig(decode)).rank(
        TALK, products, item_features([states[:1], states[[1, 3]], states[2:3]])
    )
    assert several.visual_tokens == plain.visual_tokens + VIEWS
    assert several.prompt_tokens > plain.prompt_tokens + VIEWS  # a comma tells the pictures apart
    odds = [math.log(each.probabilities[2] / each.probabilities[0]) for each in (plain, several)]
    assert several.probabilities[1] != pytest.approx(plain.probabilities[1], abs=1e-6)
    if decode == BRANCH:
        assert odds[0] == pytest.approx(odds[1], abs=1e-4)


def test_many_candidates_have_their_room(model, tiny_catalog):
    """Fifty candidates with long titles and a long talk: nobody is cut off, and the talk keeps its end."""
    long = [replace(tiny_catalog.products[n % 12], id=f"{n}", title="red sofa " * 30) for n in range(40)]
    prompt = Ranker(model).make_prompt(said("a lamp " * 500), long, item_features(random_states(len(long), model)))
    assert prompt.candidates == 40 and len(prompt.unshared()[0]) > 2048
    with pytest.raises(ModelError, match="offer fewer"):
        Ranker(model, RankerConfig(room=2048)).make_prompt(TALK, long, item_features(random_states(len(long), model)))


def test_what_was_made_of_a_prompt_is_remembered(tiny_catalog, tmp_path, monkeypatch):
    """With another temperature, or with search's opinion, nothing is computed again; with another picture it is."""
    model, products = tiny_model(), tiny_catalog.products[:3]
    states, memory = random_states(3, model), TextCache(tmp_path / "scores.sqlite")
    wanted = Ranker(model, RankerConfig(temperature=2.0, retrieval_weight=3.0)).rank(
        said("a sofa"), products, item_features(states), query_scores=[0.1, 0.9, 0.2]
    )
    Ranker(model, score_cache=memory).rank(said("a sofa"), products, item_features(states))
    monkeypatch.setattr(Ranker, "score", None)
    again = Ranker(model, RankerConfig(temperature=2.0, retrieval_weight=3.0), score_cache=memory)
    found = again.rank(said("a sofa"), products, item_features(states), query_scores=[0.1, 0.9, 0.2])
    assert found.probabilities == pytest.approx(wanted.probabilities, abs=1e-5)
    with sqlite3.connect(tmp_path / "scores.sqlite") as database:
        (key,) = database.execute("select key from vectors").fetchone()
    for damaged in ("[1.0, 2.0", "[1.0, 2.0]"):
        memory.put({key: damaged})
        with pytest.raises(TypeError):  # `score` is asked, which is none here
            again.rank(said("a sofa"), products, item_features(states))
    for other in (states.flip(0), states[:2]):
        with pytest.raises(TypeError):
            again.rank(said("a sofa"), products[: len(other)], item_features(other))
