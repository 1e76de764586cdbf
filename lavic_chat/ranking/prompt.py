"""The prompt (LaViC, section 4.3): instruction, conversation, candidates as `label: title` with their
visual tokens, answer place.

    list    one sequence, causal:      [instruction conversation A: title ##### B: title ##### ...][answer]
            answered by a letter, or by the product's own id as in the paper: then each id is spelled on a branch
    branch  a prefix and n branches:   [instruction conversation] -> [title ##### fits:]   (candidate 1)
                                                                  -> [title ##### fits:]   (candidate 2) ...

A model that writes captions also reads its own of each picture: `title ##### looks: blue (navy) velvet sofa; fits:`.
In training one more branch may say what the shopper wants, `Wanted: blue (navy) velvet sofa;`, which teaches reading
the conversation for the price of a few tokens.

A branch sees the prefix and itself, never another branch, and its positions go on from the prefix's end:
each candidate is judged as if it stood alone after the conversation, and the conversation is read once.
`#` is an image place; `VisionLanguageModel.embed` fills it with a visual token.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import accumulate, chain

import torch
from torch import Tensor

from lavic_chat.dialogue.turns import SEEKER, Dialogue, Turn
from lavic_chat.errors import ModelError
from lavic_chat.features.candidate_text import harmless
from lavic_chat.features.captions import CAPTION_MARK, caption_ids
from lavic_chat.model import VIEWS, VisionLanguageModel
from lavic_chat.model.packing import Prompt, join_branches

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
WANTED = "Wanted:"
MAX_TITLE = 48  # tokens of one title


@dataclass(frozen=True)
class BranchPrompt(Prompt):
    """A branch for each candidate. wanted: the places of the wanted caption, which training may add as one more branch
    [w]; empty in the chat."""

    wanted: Tensor = field(kw_only=True)


@dataclass(frozen=True)
class ListPrompt(Prompt):
    """All candidates in one sequence, behind it their labels spelled on branches. answers: the places before each token
    of each label [a]; spelling, owners: these tokens [a] and whose they are [a]; lines: the last place of each
    candidate's line [n]."""

    spelling: Tensor = field(kw_only=True)
    owners: Tensor = field(kw_only=True)
    lines: Tensor = field(kw_only=True)


@dataclass(frozen=True)
class PromptFormat:
    """layout: "branch" or "list"; labeling: what the candidates of a list are called, "letters" or their own "ids";
    room: tokens of the whole prompt; conversation: of these for the conversation, where its candidates do not take more
    than twice as many; if not all that is left."""

    layout: str = BRANCH
    room: int = 2048
    labeling: str = LETTERS
    conversation: int | None = None


@dataclass(frozen=True)
class PromptCandidate:
    """A candidate as the prompt shows it: its title, how many pictures it has, the main one's caption, how many
    visual tokens a picture is, and its id where that is its label."""

    title: str
    pictures: int = 1
    caption: str = ""
    tokens: int = VIEWS
    id: str = ""


def build_prompt(
    model: VisionLanguageModel,
    dialogue: Dialogue,
    candidates: Sequence[PromptCandidate],
    prompt_format: PromptFormat,
    wanted: str = "",
) -> BranchPrompt | ListPrompt:
    """The prompt within its room: the conversation is shortened from its oldest turn, candidates never.

    wanted: caption of what the shopper has in mind, for a branch of its own. Raises ModelError when the candidates
    alone do not fit, or a list has more of them than there are letters.
    """
    if prompt_format.layout == BRANCH:
        parts = branch_parts(model, candidates)
        turns = conversation_ids(model, dialogue, room_left(prompt_format, parts))
        return join_wanted(model, turns, parts, wanted)
    labels = make_labels(candidates, prompt_format.labeling)
    parts = list_parts(model, candidates, labels, QUESTION[prompt_format.labeling])
    spelled = [label_ids(model, label, prompt_format.labeling) for label in labels]
    turns = conversation_ids(model, dialogue, room_left(prompt_format, parts, spelled))
    ends = accumulate(map(len, parts.candidates), initial=len(parts.head) + len(turns) - 1)
    return spell_labels([*parts.head, *turns, *chain(*parts.candidates), *parts.tail], spelled, list(ends)[1:])


@dataclass(frozen=True)
class Parts:
    """Token ids around the conversation: before it, of each candidate, at the end; captions: where in each candidate
    its picture's caption stands."""

    head: list[int]
    candidates: list[list[int]]
    tail: list[int]
    captions: Sequence[range] = ()


def room_left(prompt_format: PromptFormat, parts: Parts, labels: Sequence[list[int]] = ()) -> int:
    """Tokens for the conversation; raises ModelError where there is hardly any. Half as many as the candidates are
    always allowed: reading them costs half as much again."""
    room, candidates = prompt_format.room, sum(map(len, parts.candidates))
    fixed = len(parts.head) + len(parts.tail) + candidates + sum(map(len, labels))
    if fixed + 16 > room:
        raise ModelError(
            f"{len(parts.candidates)} candidates need {fixed} tokens and the prompt holds {room}; offer fewer."
        )
    if prompt_format.conversation is None:
        return room - fixed
    return min(room - fixed, max(prompt_format.conversation, candidates // 2))


def branch_parts(model: VisionLanguageModel, candidates: Sequence[PromptCandidate]) -> Parts:
    """The shopper's part is the prefix, so that its end is read once; each branch is a beginning of the answer."""
    before, after = model.chat_frame()
    head = before + model.words_to_ids(INSTRUCTION[BRANCH])
    verdict = model.words_to_ids(VERDICT)
    mark = len(model.words_to_ids(CAPTION_MARK))
    branches, captions = [], []
    for candidate in candidates:
        caption = marked_caption_ids(model, candidate.caption)
        ids = title_ids(model, "Product: ", candidate) + picture_ids(model, candidate) + caption
        branches.append(ids + verdict)
        captions.append(range(len(ids) - len(caption[mark:]), len(ids)))
    return Parts(head, branches, after, captions)


def make_labels(candidates: Sequence[PromptCandidate], labeling: str) -> list[str]:
    """What the candidates of a list are called."""
    if labeling == IDS:
        return [candidate.id for candidate in candidates]
    if len(candidates) > len(string.ascii_uppercase):
        raise ModelError(
            f"A list holds {len(string.ascii_uppercase)} candidates, not {len(candidates)}; "
            "use --decode branch for more."
        )
    return list(string.ascii_uppercase[: len(candidates)])


def label_ids(model: VisionLanguageModel, label: str, labeling: str) -> list[int]:
    """A label's tokens as an answer; an id has an end, for one may begin as another does."""
    ids = model.words_to_ids(label)
    if labeling == LETTERS and len(ids) != 1:
        raise AssertionError(f"letters must be single tokens for this tokenizer: {label}")
    return [*ids, model.end_token_id] if labeling == IDS else ids


def list_parts(
    model: VisionLanguageModel, candidates: Sequence[PromptCandidate], labels: Sequence[str], question: str
) -> Parts:
    """A line for each candidate, the question at the end."""
    before, after = model.chat_frame()
    head = before + model.words_to_ids(INSTRUCTION[LIST])
    lines = [
        title_ids(model, f"\n{label}: ", candidate)
        + picture_ids(model, candidate)
        + marked_caption_ids(model, candidate.caption)
        for label, candidate in zip(labels, candidates, strict=True)
    ]
    return Parts(head, lines, model.words_to_ids("\n" + question) + after)


def title_ids(model: VisionLanguageModel, label: str, candidate: PromptCandidate) -> list[int]:
    """Label and title, cut to MAX_TITLE tokens beside an id that is the label."""
    room = MAX_TITLE + len(model.words_to_ids(candidate.id)) if candidate.id else MAX_TITLE
    return model.words_to_ids(label + " ".join(harmless(candidate.title).split()))[:room]


def picture_ids(model: VisionLanguageModel, candidate: PromptCandidate) -> list[int]:
    """The image places of each picture; several pictures of one product are told apart by a comma."""
    places = [model.image_token_id] * candidate.tokens
    return places + [*model.words_to_ids(","), *places] * (candidate.pictures - 1)


def marked_caption_ids(model: VisionLanguageModel, caption: str) -> list[int]:
    """A picture's caption between its marks; nothing where there is none."""
    return model.words_to_ids(CAPTION_MARK) + caption_ids(model, harmless(caption)) if caption else []


def conversation_ids(model: VisionLanguageModel, dialogue: Dialogue, room: int) -> list[int]:
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


def cut_beginning(model: VisionLanguageModel, ids: list[int], room: int) -> list[int]:
    """The last `room` ids, or none of them where the cut would go through a photo."""
    rest = ids[len(ids) - room :]
    return rest if rest.count(model.image_token_id) == ids.count(model.image_token_id) else []


def turn_ids(model: VisionLanguageModel, turn: Turn, with_photo: bool) -> list[int]:
    """Who speaks, what is said, and a photo's image places."""
    who = "Shopper: " if turn.role == SEEKER else "Shop: "
    ids = model.words_to_ids(who + turn.text + "\n")
    return ids + model.words_to_ids("Photo: ") + [model.image_token_id] * VIEWS if with_photo else ids


def join_wanted(model: VisionLanguageModel, turns: list[int], parts: Parts, wanted: str) -> BranchPrompt:
    """The prompt of `branch`; behind the candidates a branch with the wanted caption where that is given."""
    prefix, head = parts.head + turns + parts.tail, len(parts.head)
    if not wanted:
        prompt = join_branches(prefix, parts.candidates, len(parts.candidates), parts.captions, model.image_token_id)
        return BranchPrompt(**values_of(replace(prompt, head=head)), wanted=prompt.captions[:0])
    opening, words = model.words_to_ids(WANTED), caption_ids(model, wanted)
    captions = [*parts.captions, range(len(opening), len(opening) + len(words))]
    branches = [*parts.candidates, opening + words]
    prompt = join_branches(prefix, branches, len(parts.candidates), captions, model.image_token_id)
    own = len(prompt.captions) - len(words)
    shortened = replace(prompt, answers=prompt.answers[:-1], captions=prompt.captions[:own], head=head)
    return BranchPrompt(**values_of(shortened), wanted=prompt.captions[own:])


def spell_labels(prefix: list[int], labels: Sequence[list[int]], lines: Sequence[int]) -> ListPrompt:
    """A list's prompt: behind it each candidate's label on a branch, but for its last token, which nothing follows."""
    prompt = join_branches(prefix, [label[:-1] for label in labels], len(labels))
    answers, owners = [], []
    for owner, (label, path) in enumerate(zip(labels, prompt.paths, strict=True)):
        answers += [len(prefix) - 1, *path]
        owners += [owner] * len(label)
    answers, spelling, owners, ends = (
        torch.tensor(row, dtype=torch.long) for row in (answers, list(chain(*labels)), owners, list(lines))
    )
    return ListPrompt(**values_of(replace(prompt, answers=answers)), spelling=spelling, owners=owners, lines=ends)


def values_of(prompt: Prompt) -> dict:
    """A prompt's fields by name."""
    return {item.name: getattr(prompt, item.name) for item in fields(prompt)}
