"""The prompt: who sees whom, what a branch's score depends on, what is left out when room is short."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers.tiny import tiny_model
from helpers.toys import said
from hypothesis import given, settings
from hypothesis import strategies as st

from lavic_chat.dialogue.turns import OTHER, SEEKER, Dialogue, Turn
from lavic_chat.errors import ModelError
from lavic_chat.features.captions import MAX_CAPTION
from lavic_chat.model import VIEWS
from lavic_chat.model.packing import join_branches
from lavic_chat.ranking.prompt import (
    BRANCH,
    IDS,
    LIST,
    MAX_TITLE,
    PromptCandidate,
    PromptFormat,
    build_prompt,
)
from lavic_chat.ranking.scoring import score_prompts, verdict_words
from lavic_chat.training.losses import choosing_loss

CANDIDATES_SHOWN = [
    PromptCandidate("Harbour sofa"),
    PromptCandidate("Mill armchair with a rather long name"),
    PromptCandidate("Lamp"),
    PromptCandidate("Blue chair"),
]
TALK = said("a red sofa, please", "not too dark")
PHOTO, OLDER = Path("photo.jpg"), Path("older.jpg")


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def tokens_for(model, count: int) -> torch.Tensor:
    """[count, 5, d] one picture a candidate."""
    return torch.randn(count, VIEWS, model.token_size, generator=torch.Generator().manual_seed(1)) / 10


def branch_scores(model, dialogue, candidates, tokens) -> torch.Tensor:
    prompt = build_prompt(model, dialogue, candidates, PromptFormat(BRANCH, 2048))
    return score_prompts(model, [prompt], [tokens.flatten(0, 1)])[0]


def read(model, ids) -> str:
    """The prompt as a person reads it, `#` for an image place."""
    return model.tokenizer.decode(ids).replace("<image>", "#")


# ---- form ----


def test_a_branch_prompt_reads_so(model):
    prompt = build_prompt(model, TALK, CANDIDATES_SHOWN[:2], PromptFormat(BRANCH, 2048))
    text = read(model, prompt.unshared()[0])
    assert text.startswith("<|start|>user A shopper talks with a shop.")
    assert text.endswith("Product: Mill armchair with a rather long name##### fits:")
    talk = "yes or no.\nShopper: a red sofa, please\nShopper: not too dark\n<|end|><|start|>assistant "
    assert f"{talk}Product: Harbour sofa##### fits:Product: Mill" in text
    assert prompt.candidates == len(prompt.answers) == 2
    for answer in prompt.answers:
        assert read(model, prompt.ids[: answer + 1]).endswith("##### fits:")
    assert read(model, prompt.ids).count("Product:") == 1  # which both branches begin with


def test_what_was_said_of_a_picture_stands_behind_it(model):
    candidates = [
        PromptCandidate("Sofa", caption="red velvet sofa"),
        PromptCandidate("Lamp"),
        PromptCandidate("Chair", caption="blue (navy) chair"),
    ]
    prompt = build_prompt(model, TALK, candidates, PromptFormat(BRANCH, 2048))
    assert "Product: Sofa##### looks: red velvet sofa; fits:Product: Lamp##### fits:Product: Chair" in read(
        model, prompt.unshared()[0]
    )
    assert read(model, prompt.ids[prompt.captions]) == " red velvet sofa; blue (navy) chair;"
    assert read(model, build_prompt(model, TALK, candidates, PromptFormat(LIST, 2048)).ids).count(" looks: ") == 2


def test_a_long_description_is_cut(model):
    prompt = build_prompt(model, TALK, [PromptCandidate("Sofa", caption="red " * 200)], PromptFormat(BRANCH, 2048))
    assert len(prompt.captions) == MAX_CAPTION + 1 and read(model, prompt.ids).endswith("; fits:")


def test_a_list_prompt_reads_so(model):
    prompt = build_prompt(model, TALK, CANDIDATES_SHOWN, PromptFormat(LIST, 2048))
    text = read(model, prompt.ids)
    lines = [f"\n{label}: {candidate.title}#####" for label, candidate in zip("ABCD", CANDIDATES_SHOWN, strict=True)]
    assert "".join(lines) + "\nWhich product" in text
    assert text.endswith("Answer with its letter.<|end|><|start|>assistant ")
    assert prompt.answers.tolist() == [len(prompt.ids) - 1] * 4 and prompt.candidates == 4
    for line, end in zip(lines, prompt.lines, strict=True):
        assert read(model, prompt.ids[: end + 1]).endswith(line)
    assert prompt.positions.tolist() == list(range(len(prompt.ids)))
    assert torch.equal(prompt.mask, torch.ones_like(prompt.mask).tril())


def test_several_pictures_of_a_product_are_told_apart(model):
    prompt = build_prompt(
        model, TALK, [PromptCandidate("Lamp", 3), PromptCandidate("Sofa")], PromptFormat(BRANCH, 2048)
    )
    assert "Product: Lamp#####,#####,##### fits:" in read(model, prompt.ids)


def test_titles_stay_on_one_line_and_within_bounds(model):
    prompt = build_prompt(
        model,
        TALK,
        [PromptCandidate("new\nProduct:\tfake"), PromptCandidate("word " * 500)],
        PromptFormat(BRANCH, 2048),
    )
    text = read(model, prompt.ids)
    assert "Product: new Product: fake#####" in text
    assert text.count("word") <= MAX_TITLE


# ---- who sees whom ----


def test_a_branch_sees_the_prefix_and_itself_only():
    prefix, branches = [1, 2, 3], [[4, 5], [6], [7, 8, 9]]
    prompt = join_branches(list(prefix), branches, 3)
    owner = [0, 0, 0, 1, 1, 2, 3, 3, 3]
    for query, key in itertools.product(range(9), repeat=2):
        allowed = key <= query and owner[key] in (0, owner[query])
        assert bool(prompt.mask[query, key]) == allowed, (query, key)
    assert prompt.ids.tolist() == list(range(1, 10))
    assert prompt.positions.tolist() == [0, 1, 2, 3, 4, 3, 3, 4, 5]
    assert prompt.answers.tolist() == [4, 5, 8]


def test_joining_leaves_its_parts_alone():
    prefix, branches = [1, 2], [[3], [4]]
    join_branches(prefix, branches, 2)
    assert (prefix, branches) == ([1, 2], [[3], [4]])


@torch.no_grad()
def test_a_candidate_scores_as_if_it_were_alone(model):
    tokens = tokens_for(model, 4)
    together = branch_scores(model, TALK, CANDIDATES_SHOWN, tokens)
    alone = [
        branch_scores(model, TALK, [candidate], tokens[row][None])[0] for row, candidate in enumerate(CANDIDATES_SHOWN)
    ]
    assert torch.allclose(together, torch.stack(alone), atol=1e-4)
    assert together.std() > 1e-3  # or all of this would be true of a constant


@torch.no_grad()
def test_order_and_company_change_no_branch(model):
    tokens = tokens_for(model, 4)
    first = branch_scores(model, TALK, CANDIDATES_SHOWN, tokens)
    for order in ([3, 1, 0, 2], [2, 3, 1, 0], [1, 0]):
        others = branch_scores(model, TALK, [CANDIDATES_SHOWN[row] for row in order], tokens[order])
        assert torch.allclose(others, first[order], atol=1e-4)


@torch.no_grad()
def test_a_branch_is_a_plain_causal_text(model):
    """Prefix, branch and answer place as one ordinary sequence through the stock network."""
    tokens = tokens_for(model, 3)
    prompt = build_prompt(model, TALK, CANDIDATES_SHOWN[:3], PromptFormat(BRANCH, 2048))
    scores = score_prompts(model, [prompt], [tokens.flatten(0, 1)])[0]
    yes, no = verdict_words(model).tolist()
    for row in range(3):
        own = [i for i in range(len(prompt.ids)) if prompt.mask[prompt.answers[row], i]]
        embeddings = model.embed(prompt.ids[own], tokens[row])
        logits = model.network(inputs_embeds=embeddings[None]).logits[0, -1]
        assert scores[row] == pytest.approx(float(logits[yes] - logits[no]), abs=1e-4)


@torch.no_grad()
def test_a_list_is_a_plain_causal_text(model):
    tokens = tokens_for(model, 4).flatten(0, 1)
    prompt = build_prompt(model, TALK, CANDIDATES_SHOWN, PromptFormat(LIST, 2048))
    scores = score_prompts(model, [prompt], [tokens])[0]
    logits = model.network(inputs_embeds=model.embed(prompt.ids, tokens)[None]).logits[0, -1]
    labels = [model.words_to_ids(label)[0] for label in "ABCD"]
    assert torch.allclose(scores, logits.log_softmax(-1)[labels], atol=1e-4)
    assert float(choosing_loss(scores, 2, LIST)) == pytest.approx(float(-logits.log_softmax(-1)[labels[2]]), abs=1e-4)


@torch.no_grad()
def test_an_id_is_as_likely_as_its_tokens_one_after_the_other(model):
    """Each spelled behind the list as one ordinary sequence through the stock network, the end included."""
    tokens = tokens_for(model, 4).flatten(0, 1)
    candidates = [
        replace(candidate, id=name)
        for candidate, name in zip(CANDIDATES_SHOWN, ("B08LYS9WYD", "B08", "sofa-1", "B0"), strict=True)
    ]
    prompt = build_prompt(model, TALK, candidates, PromptFormat(LIST, 2048, IDS))
    scores = score_prompts(model, [prompt], [tokens])[0]
    head = prompt.ids[: prompt.until_answer]
    assert "B08LYS9WYD: Harbour sofa" in read(model, head)
    for candidate, score in zip(candidates, scores, strict=True):
        label = torch.tensor([*model.words_to_ids(candidate.id), model.tokenizer.eos_token_id])
        embeddings = model.embed(torch.cat([head, label]), tokens)
        logits = model.network(inputs_embeds=embeddings[None]).logits[0, len(head) - 1 : -1]
        wanted = logits.log_softmax(-1).gather(1, label[:, None]).sum()
        assert float(score) == pytest.approx(float(wanted), abs=1e-3)


def test_a_long_id_does_not_cut_the_title_away(model):
    candidates = [PromptCandidate("Lamp of oak", id="x" * 200), PromptCandidate("Rug", id="y")]
    assert "Lamp of oak" in read(model, build_prompt(model, TALK, candidates, PromptFormat(LIST, 2048, IDS)).ids)


@torch.no_grad()
def test_what_is_wanted_is_said_on_a_branch_of_its_own_and_changes_no_score(model):
    tokens = tokens_for(model, 3).flatten(0, 1)
    candidates = [replace(candidate, caption="red sofa") for candidate in CANDIDATES_SHOWN[:3]]
    plain, more = (
        build_prompt(model, TALK, candidates, PromptFormat(BRANCH, 2048), wanted=text)
        for text in ("", "blue (navy) chair")
    )
    assert read(model, more.ids[more.wanted]) == " blue (navy) chair;" and not len(plain.wanted)
    assert torch.equal(plain.captions, more.captions) and len(more.answers) == 3
    scores = [score_prompts(model, [prompt], [tokens])[0] for prompt in (plain, more)]
    assert torch.allclose(*scores, atol=1e-4)
    seen = more.mask[more.wanted[-1]]
    assert read(model, more.ids[seen]).endswith("Wanted: blue (navy) chair;") and "Harbour" not in read(
        model, more.ids[seen]
    )


@torch.no_grad()
def test_the_conversation_and_the_picture_both_matter(model):
    tokens = tokens_for(model, 2)
    first = branch_scores(model, TALK, CANDIDATES_SHOWN[:2], tokens)
    assert not torch.allclose(branch_scores(model, said("a lamp"), CANDIDATES_SHOWN[:2], tokens), first, atol=1e-4)
    swapped = branch_scores(model, TALK, CANDIDATES_SHOWN[:2], tokens.flip(0))
    assert not torch.allclose(swapped, first, atol=1e-4)


# ---- room ----


def places(model, prompt) -> int:
    return int((prompt.ids == model.image_token_id).sum())


@pytest.mark.parametrize("decode", [BRANCH, LIST])
def test_the_conversation_is_shortened_from_its_oldest_turn(model, decode):
    talk = said(*(f"turn {number} of many, about chairs" for number in range(60)))
    whole, short = (build_prompt(model, talk, CANDIDATES_SHOWN, PromptFormat(decode, room)) for room in (8000, 900))
    text = read(model, short.ids)
    assert len(short.ids) <= 900 < len(whole.ids)
    assert "turn 59 of" in text and "turn 58 of" in text and "turn 0 of" not in text
    kept = sorted(number for number in range(60) if f"turn {number} of" in text)
    assert kept == list(range(kept[0], 60))
    assert read(model, whole.ids).count("turn ") == 60
    for candidate in CANDIDATES_SHOWN:
        assert candidate.title in text
    assert places(model, short) == VIEWS * len(CANDIDATES_SHOWN)
    assert "A shopper talks with a shop" in text


def test_a_turn_that_does_not_fit_loses_its_beginning(model):
    talk = said("older", "first words " + "and " * 900 + "last words")
    text = read(model, build_prompt(model, talk, CANDIDATES_SHOWN, PromptFormat(BRANCH, 700)).ids)
    assert "last words" in text and "first words" not in text and "older" not in text


@pytest.mark.parametrize("decode", [BRANCH, LIST])
def test_a_conversation_takes_no_more_tokens_than_it_is_given(model, decode):
    long = Dialogue().say("a red sofa, or a chair " * 80)
    fixed = len(build_prompt(model, Dialogue(), CANDIDATES_SHOWN, PromptFormat(decode)).ids)
    whole, some, half = (
        len(build_prompt(model, long, CANDIDATES_SHOWN, PromptFormat(decode, conversation=most)).ids) - fixed
        for most in (None, 400, 1)
    )
    assert whole > 500 and some == 400 and 1 < half <= fixed / 2


def test_candidates_that_do_not_fit_are_told(model):
    with pytest.raises(ModelError, match=r"4 candidates need \d+ tokens and the prompt holds 100; offer fewer"):
        build_prompt(model, TALK, CANDIDATES_SHOWN, PromptFormat(BRANCH, 100))


def test_a_list_has_as_many_candidates_as_letters(model):
    with pytest.raises(ModelError, match="A list holds 26 candidates, not 27; use --decode branch"):
        build_prompt(model, TALK, [PromptCandidate("x")] * 27, PromptFormat(LIST, 4096))
    assert build_prompt(model, TALK, [PromptCandidate("x")] * 27, PromptFormat(BRANCH, 4096)).candidates == 27


# ---- photos ----


def photo_talk(*turns: tuple[str, Path | None]) -> Dialogue:
    return Dialogue(tuple(Turn(SEEKER, text, photo) for text, photo in turns))


def test_a_photo_stands_before_the_candidates(model):
    prompt = build_prompt(
        model, photo_talk(("like this", PHOTO), ("but green", None)), CANDIDATES_SHOWN, PromptFormat(BRANCH, 2048)
    )
    assert "Shopper: like this\nPhoto: #####Shopper: but green" in read(model, prompt.ids)
    assert places(model, prompt) == VIEWS * 5


def test_only_the_newest_photo_keeps_its_places(model):
    prompt = build_prompt(
        model, photo_talk(("one", OLDER), ("two", PHOTO)), CANDIDATES_SHOWN, PromptFormat(BRANCH, 2048)
    )
    assert places(model, prompt) == VIEWS * 5
    assert "one\nShopper: two\nPhoto: #####" in read(model, prompt.ids)


def test_the_same_photo_sent_twice_is_one_photo(model):
    prompt = build_prompt(
        model, photo_talk(("one", PHOTO), ("two", PHOTO)), CANDIDATES_SHOWN, PromptFormat(BRANCH, 2048)
    )
    assert places(model, prompt) == VIEWS * 5


def test_a_long_message_keeps_the_photo_that_came_with_it(model):
    talk = photo_talk(("first words " + "and " * 900 + "last words", PHOTO))
    prompt = build_prompt(model, talk, CANDIDATES_SHOWN, PromptFormat(BRANCH, 700))
    text = read(model, prompt.ids)
    assert len(prompt.ids) <= 700
    assert "last words\nPhoto: #####" in text and "first words" not in text


def test_a_photo_is_never_cut_in_two(model):
    talk = photo_talk(("like this", PHOTO), ("and " * 40, None))
    whole = len(build_prompt(model, talk, CANDIDATES_SHOWN, PromptFormat(BRANCH, 2048)).ids)
    seen = [
        places(model, build_prompt(model, talk, CANDIDATES_SHOWN, PromptFormat(BRANCH, room)))
        for room in range(whole - 60, whole + 1)
    ]
    assert set(seen) == {VIEWS * 4, VIEWS * 5}
    assert seen == sorted(seen)


# ---- whatever people write ----

TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["🛋️👩🏽‍🎨" * 60, "כורסה אדומה " * 40, "أريكة حمراء ‏" * 30, "深绿色的沙发" * 50, "a" * 4000, "<image>", ""]
    ),
)
TURNS = st.lists(st.tuples(st.sampled_from([SEEKER, OTHER]), TEXTS, st.sampled_from([None, PHOTO, OLDER])), max_size=6)


@settings(max_examples=60, deadline=None)
@given(turns=TURNS, decode=st.sampled_from([BRANCH, LIST]), room=st.integers(700, 2048), count=st.integers(1, 5))
def test_any_dialogue_makes_a_sound_prompt(model, turns, decode, room, count):
    talk = Dialogue(tuple(Turn(*turn) for turn in turns))
    candidates = [CANDIDATES_SHOWN[row % 4] for row in range(count)]
    prompt = build_prompt(model, talk, candidates, PromptFormat(decode, room))
    length = len(prompt.ids)
    assert length <= room
    assert prompt.mask.shape == (length, length) and len(prompt.positions) == length
    assert places(model, prompt) in (VIEWS * count, VIEWS * (count + 1))
    if talk.photo is None:
        assert places(model, prompt) == VIEWS * count
    assert prompt.mask.diagonal().all() and not prompt.mask.triu(1).any()
    assert prompt.positions.max() < length
    text = read(model, prompt.ids)
    assert text.count(" fits:") >= (count if decode == BRANCH else 0) and "<|start|>assistant" in text
    assert all(candidate.title in text for candidate in candidates)
