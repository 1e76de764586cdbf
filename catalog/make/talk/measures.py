"""What a file of dialogues is like: counts, shares, variety, what titles give away; and a report with samples."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from lavic_chat.dialogue.reddit_amazon import parse_context

from .candidates import combined
from .looks import Look
from .story import Draft, Story

SAMPLES = 50
NEGATION = re.compile(
    r"\b(not?|nothing|without|anything but|none|never|neither|(?:do|is|are|ca|wo|must|should)n['’]?t)\b", re.IGNORECASE
)


def measure(rows: Sequence[dict], looks: Iterable[Look], drafts: Sequence[Draft]) -> dict:
    """Counts, shares, variety (distinct-n of the contexts), and what titles give away.

    `title_guess` is the hit rate of picking among the most frequent titles, `word_guess` among the titles that share
    most words with the conversation, `kind_guess` of picking any; in mixed sets all stay with the kind that the request
    names. Titles tell nothing more than the kind when they are alike.
    """
    by_id = {look.id: look for look in looks}
    result = wording(rows) | happenings(rows, drafts, by_id)
    for name in result["sets"]:
        some = [(row, item) for row, item in zip(rows, drafts, strict=True) if row["set"] == name]
        guesses = [guess(row, item, by_id) for row, item in some]
        result[f"{name}: title_guess, word_guess, kind_guess"] = [
            round(sum(part) / len(some), 3) for part in zip(*guesses, strict=True)
        ]
        result[f"{name}: what the noun names"] = dict(Counter(item.scope for _, item in some).most_common())
    return result


def wording(rows: Sequence[dict]) -> dict:
    """How long and how varied the texts are."""
    texts = [row["context"] for row in rows]
    words = [re.findall(r"[\w'’-]+", re.sub(r"</?(submission|comment)>", " ", text).lower()) for text in texts]
    turns = Counter(text.count("<submission>") for text in texts)
    times = Counter(texts)
    share = len(rows) or 1
    return {
        "dialogues": len(rows),
        "sets": dict(sorted(Counter(row["set"] for row in rows).items())),
        "seeker turns": {str(count): turns[count] for count in sorted(turns)},
        "mean words": round(sum(map(len, words)) / share, 1),
        "distinct-1": round(distinct(words, 1), 3),
        "distinct-2": round(distinct(words, 2), 3),
        "distinct-2 of the first 1,000": round(distinct(words[:1000], 2), 3),
        "contexts whose text occurs twice": round(sum(times[text] > 1 for text in texts) / share, 4),
        "different openings of five words": len({tuple(some[:5]) for some in words}),
        "with negation": round(sum(bool(NEGATION.search(text)) for text in texts) / share, 3),
    }


def happenings(rows: Sequence[dict], drafts: Sequence[Draft], by_id: dict[str, Look]) -> dict:
    """What the conversations are about, as shares of all."""
    ten = [[by_id[item] for item in row["candidates"] if item not in row["gt_items"]] for row in rows]
    needed = [combined(item.story, others) for item, others in zip(drafts, ten, strict=True)]

    def share(test: Callable[[Story], bool]) -> float:
        return round(sum(test(item.story) for item in drafts) / (len(drafts) or 1), 3)

    return {
        "with a negated wish": share(lambda story: any(wish.negated for wish in story.wishes)),
        "with a pattern wish": share(lambda story: any(part.kind == "pattern" for part in story.firm)),
        "with an ordinal reference": share(lambda story: story.listed),
        "with a comparison": share(lambda story: story.scene == "compared"),
        "with a change of mind or a correction": share(lambda story: bool(story.olds)),
        "with a word for the style": share(lambda story: story.mood is not None),
        "several attributes needed": round(sum(needed) / (len(needed) or 1), 3),
        "scenes": dict(Counter(item.story.scene for item in drafts).most_common()),
        "products wanted": len({item.story.target.id for item in drafts}),
    }


def distinct(texts: Iterable[Sequence[str]], n: int) -> float:
    """Different n-grams over all n-grams."""
    grams = [tuple(text[at : at + n]) for text in texts for at in range(len(text) - n + 1)]
    return len(set(grams)) / (len(grams) or 1)


def guess(row: dict, item: Draft, by_id: dict[str, Look]) -> tuple[float, float, float]:
    """Hit rates without looking: by frequent titles, by titles with words of the text, and by chance."""
    target, ten = item.story.target, [by_id[candidate] for candidate in row["candidates"]]
    if item.set == "mixed":
        key = "title" if item.story.same_shape else item.scope
        ten = [look for look in ten if look.at(key) == target.at(key)]
    titles = Counter(look.title for look in ten)
    said = set(re.findall(r"[a-z]{3,}", row["context"].lower()))
    shared = {title: len(said & set(re.findall(r"[a-z]{3,}", title.lower()))) for title in titles}
    return hit(titles, target, titles), hit(shared, target, titles), 1 / len(ten)


def hit(scores: dict[str, int], target: Look, titles: Counter) -> float:
    """How often the target is picked by chance from the products whose titles score highest."""
    most = max(scores.values())
    among = sum(count for title, count in titles.items() if scores[title] == most)
    return 1 / among if scores[target.title] == most else 0.0


def write_report(measured: dict[str, dict], rows: Sequence[dict], looks: Iterable[Look]) -> str:
    """Markdown: the measures of every split in one table, then SAMPLES rows drawn evenly, with what is wanted."""
    names = list(dict.fromkeys(name for result in measured.values() for name in result))
    lines = ["# The generated dialogues", "", f"| | {' | '.join(measured)} |", "|---|" + "---|" * len(measured)]
    for name in names:
        lines.append(f"| {name} | {' | '.join(shown(result.get(name, '')) for result in measured.values())} |")
    by_id = {look.id: look for look in looks}
    lines += ["", "## Samples", ""]
    for number in range(min(SAMPLES, len(rows))):
        row = rows[number * len(rows) // min(SAMPLES, len(rows))]
        look = by_id[row["gt_items"][0]]
        attributes = ", ".join(filter(None, (look.type, *look.face, look.style)))
        lines.append(f"**{number + 1}.** ({row['set']}) wanted: {look.title} ({attributes})")
        lines += ["", *(f"> {turn.role}: {turn.text}  " for turn in parse_context(row["context"]).turns), ""]
    return "\n".join(lines)


def shown(value: object) -> str:
    """A measure as it stands in a table."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
