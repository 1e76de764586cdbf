"""The prompt: instruction, conversation, candidates as `label: title` with their visual tokens, answer place.

    list    one sequence, causal:      [instruction conversation A: title ##### B: title ##### ...][answer]
            answered by a letter, or by the product's own id as in the paper: then each id is spelled on a branch
    branch  a prefix and n branches:   [instruction conversation] -> [title ##### fits:]   (candidate 1)
                                                                  -> [title ##### fits:]   (candidate 2) ...

A model that speaks also reads what it said of the picture itself: `title ##### looks: blue (navy) velvet sofa; fits:`.
In training one more branch may say what the shopper wants, `Wanted: blue (navy) velvet sofa;`, which teaches reading
the conversation for the price of a few tokens.

A branch sees the prefix and itself, never another branch, and its positions go on from the prefix's end:
each candidate is judged as if it stood alone after the conversation, and the conversation is read once.
`#` is an image place; `LavicModel.embed` fills it with a visual token.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain

import torch
from torch import Tensor

from lavic_chat.dialogue import SEEKER, Dialogue, Turn
from lavic_chat.errors import ModelError
from lavic_chat.model import VIEWS, LavicModel

LIST, BRANCH, GENERATE = "list", "branch", "generate"
DECODES = (BRANCH, LIST, GENERATE)
LETTERS, IDS = "letters", "ids"
LABELINGS = (LETTERS, IDS)

INSTRUCTION = {
    LIST: "A shopper talks with a shop. Choose the product that fits the shopper's wishes best.\n",
    BRANCH: "A shopper talks with a shop. Say of a product whether it fits the shopper's wishes, yes or no.\n",
}
QUESTION = {
    LETTERS: "Which product fits best? Answer with its letter.",
    IDS: "Which product fits best? Answer with its id.",
}
VERDICT = " fits:"  # ends a branch, after the picture; yes or no comes next
YES_NO = ("yes", "no")
LOOKS, END = " looks:", ";"  # around what the model said of a picture
WANTED = "Wanted:"
MAX_TITLE, MAX_LOOKS = 48, 20  # tokens of one title, of one description


@dataclass(frozen=True)
class Prompt:
    """Token ids [L], positions [L], who may attend to whom (bool [L, L]), and the answer places.

    answers: the places whose next-token logits are compared; for branch the last of each branch [n], for list those
    before each token of each candidate's label [a]. candidates: n. said: the places of what was said of pictures [s].
    spelling, owners: for list the labels' tokens [a] and whose they are [a]. lines: for list the last place of each
    candidate's line [n]. wanted: the places of what is wanted.
    """

    ids: Tensor
    positions: Tensor
    mask: Tensor
    answers: Tensor
    candidates: int
    said: Tensor
    spelling: Tensor | None = None
    owners: Tensor | None = None
    lines: Tensor | None = None
    wanted: Tensor | None = None

    @property
    def until_answer(self) -> int:
        """How many tokens are read before an answer can be generated."""
        return int(self.answers[0]) + 1


@dataclass(frozen=True)
class Offer:
    """A candidate as the prompt shows it: its title, how many pictures it has, what was said of them, how many
    visual tokens a picture is, and its id where that is its label."""

    title: str
    pictures: int = 1
    looks: str = ""
    tokens: int = VIEWS
    id: str = ""


def build_prompt(
    model: LavicModel,
    dialogue: Dialogue,
    offers: Sequence[Offer],
    decode: str,
    room: int,
    labeling: str = LETTERS,
    wanted: str = "",
) -> Prompt:
    """The prompt within `room` tokens: the conversation is shortened from its oldest turn, candidates never.

    wanted: looks that the shopper has in mind, for a branch of their own. Raises ModelError when the candidates alone
    do not fit, or a list has more of them than there are letters.
    """
    labels = [] if decode == BRANCH else make_labels(offers, labeling)
    parts = branch_parts(model, offers) if decode == BRANCH else list_parts(model, offers, labels, QUESTION[labeling])
    spelled = [label_ids(model, label, labeling) for label in labels]
    fixed = len(parts.head) + len(parts.tail) + sum(map(len, [*parts.offers, *spelled]))
    if fixed + 16 > room:
        raise ModelError(f"{len(offers)} candidates need {fixed} tokens and the prompt holds {room}; offer fewer.")
    talk = conversation_ids(model, dialogue, room - fixed)
    if decode == BRANCH:
        return join_wish(model, parts.head + talk + parts.tail, parts, wanted)
    prompt = spell_labels([*parts.head, *talk, *chain(*parts.offers), *parts.tail], spelled)
    ends = accumulate(map(len, parts.offers), initial=len(parts.head) + len(talk) - 1)
    return replace(prompt, lines=torch.tensor(list(ends)[1:], dtype=torch.long))


@dataclass(frozen=True)
class Parts:
    """Token ids around the conversation: before it, of each offer, at the end; said: where in each offer its picture
    is described."""

    head: list[int]
    offers: list[list[int]]
    tail: list[int]
    said: Sequence[range] = ()


def branch_parts(model: LavicModel, offers: Sequence[Offer]) -> Parts:
    """The shopper's part is the prefix, so that its end is read once; each branch is a beginning of the answer."""
    before, after = model.chat_frame()
    head = before + model.words_to_ids(INSTRUCTION[BRANCH])
    verdict = model.words_to_ids(VERDICT)
    mark = len(model.words_to_ids(LOOKS))
    branches, said = [], []
    for offer in offers:
        looks = looks_ids(model, offer.looks)
        ids = title_ids(model, "Product: ", offer) + picture_ids(model, offer) + looks
        branches.append(ids + verdict)
        said.append(range(len(ids) - len(looks[mark:]), len(ids)))
    return Parts(head, branches, after, said)


def make_labels(offers: Sequence[Offer], labeling: str) -> list[str]:
    """What the candidates of a list are called."""
    if labeling == IDS:
        return [offer.id for offer in offers]
    if len(offers) > len(string.ascii_uppercase):
        raise ModelError(
            f"A list holds {len(string.ascii_uppercase)} candidates, not {len(offers)}; use --decode branch for more."
        )
    return list(string.ascii_uppercase[: len(offers)])


def label_ids(model: LavicModel, label: str, labeling: str) -> list[int]:
    """A label's tokens as an answer; an id has an end, for one may begin as another does."""
    ids = model.words_to_ids(label)
    if labeling == LETTERS and len(ids) != 1:
        raise AssertionError(f"letters must be single tokens for this tokenizer: {label}")
    return [*ids, model.tokenizer.eos_token_id] if labeling == IDS else ids


def list_parts(model: LavicModel, offers: Sequence[Offer], labels: Sequence[str], question: str) -> Parts:
    before, after = model.chat_frame()
    head = before + model.words_to_ids(INSTRUCTION[LIST])
    lines = [
        title_ids(model, f"\n{label}: ", offer) + picture_ids(model, offer) + looks_ids(model, offer.looks)
        for label, offer in zip(labels, offers, strict=True)
    ]
    return Parts(head, lines, model.words_to_ids("\n" + question) + after)


def title_ids(model: LavicModel, label: str, offer: Offer) -> list[int]:
    room = MAX_TITLE + len(model.words_to_ids(offer.id)) if offer.id else MAX_TITLE
    return model.words_to_ids(label + " ".join(offer.title.split()))[:room]


def picture_ids(model: LavicModel, offer: Offer) -> list[int]:
    """The image places of each picture; several pictures of one product are told apart by a comma."""
    places = [model.image_token_id] * offer.tokens
    return places + [*model.words_to_ids(","), *places] * (offer.pictures - 1)


def looks_ids(model: LavicModel, said: str) -> list[int]:
    """What was said of a picture, between its marks; nothing where nothing was said."""
    return model.words_to_ids(LOOKS) + said_ids(model, said) if said else []


def said_ids(model: LavicModel, said: str, longest: int = MAX_LOOKS) -> list[int]:
    """A description as it is said: a space before it, the end mark behind it."""
    return model.words_to_ids(f" {said}")[:longest] + model.words_to_ids(END)


def conversation_ids(model: LavicModel, dialogue: Dialogue, room: int) -> list[int]:
    """The newest turns that fit; the oldest of them loses its beginning. Only the newest photo keeps its places."""
    newest = max((place for place, turn in enumerate(dialogue.turns) if turn.photo), default=None)
    kept: list[list[int]] = []
    left = room
    for place, turn in reversed(list(enumerate(dialogue.turns))):
        ids = turn_ids(model, turn, with_photo=place == newest)
        if len(ids) > left:
            ids = cut_beginning(model, ids, left)
        kept.append(ids)
        left -= len(ids)
        if left <= 0:
            break
    return [token for ids in reversed(kept) for token in ids]


def cut_beginning(model: LavicModel, ids: list[int], room: int) -> list[int]:
    """The last `room` ids, or none of them where the cut would go through a photo."""
    rest = ids[len(ids) - room :]
    return rest if rest.count(model.image_token_id) == ids.count(model.image_token_id) else []


def turn_ids(model: LavicModel, turn: Turn, with_photo: bool) -> list[int]:
    who = "Shopper: " if turn.role == SEEKER else "Shop: "
    ids = model.words_to_ids(who + turn.text + "\n")
    return ids + model.words_to_ids("Photo: ") + [model.image_token_id] * VIEWS if with_photo else ids


def join_branches(prefix: list[int], branches: list[list[int]], candidates: int, said: Sequence[range] = ()) -> Prompt:
    """Ids, positions and mask of a shared prefix with branches behind it; one branch is a plain causal prompt.

    said: for each branch where in it something is said of a picture.
    """
    ids, owner, positions, answers = list(prefix), [0] * len(prefix), list(range(len(prefix))), []
    places: list[int] = []
    for number, branch in enumerate(branches, 1):
        places += [len(ids) + place for place in (said[number - 1] if said else ())]
        ids += branch
        owner += [number] * len(branch)
        positions += range(len(prefix), len(prefix) + len(branch))
        answers.append(len(ids) - 1)
    place, owner = torch.arange(len(ids)), torch.tensor(owner)
    visible = (owner[None] == 0) | (owner[None] == owner[:, None])
    mask = visible & (place[None] <= place[:, None])
    return Prompt(
        torch.tensor(ids),
        torch.tensor(positions),
        mask,
        torch.tensor(answers, dtype=torch.long),
        candidates,
        torch.tensor(places, dtype=torch.long),
    )


def join_wish(model: LavicModel, prefix: list[int], parts: Parts, wanted: str) -> Prompt:
    """The prompt of `branch`, behind the candidates a branch with what is wanted where that is given."""
    if not wanted:
        return join_branches(prefix, parts.offers, len(parts.offers), parts.said)
    opening, words = model.words_to_ids(WANTED), said_ids(model, wanted)
    branches, said = [*parts.offers, opening + words], [*parts.said, range(len(opening), len(opening) + len(words))]
    prompt = join_branches(prefix, branches, len(parts.offers), said)
    own = len(prompt.said) - len(words)
    return replace(prompt, answers=prompt.answers[:-1], said=prompt.said[:own], wanted=prompt.said[own:])


def spell_labels(prefix: list[int], labels: Sequence[list[int]]) -> Prompt:
    """A list's prompt: behind it each candidate's label on a branch, but for its last token, which nothing follows."""
    prompt = join_branches(prefix, [label[:-1] for label in labels], len(labels))
    answers, owners, place = [], [], len(prefix)
    for owner, label in enumerate(labels):
        answers += [len(prefix) - 1, *range(place, place + len(label) - 1)]
        owners += [owner] * len(label)
        place += len(label) - 1
    longs = (torch.tensor(row, dtype=torch.long) for row in (answers, list(chain(*labels)), owners))
    return replace(prompt, **dict(zip(("answers", "spelling", "owners"), longs, strict=True)))
