"""The study's plots, in the style of the other reports."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from lavic_chat.catalog.datacard.drawing import LINE, SPLIT_STYLES, STYLE, WIDTH, draw_legend, new_figure, place, to_png
from lavic_chat.evaluation.reports.breakdown import Share
from lavic_chat.evaluation.reports.charts import draw_shares
from lavic_chat.sda.labels import label_of

CHANCE = 10 / 101
OURS = "sda"


def draw_hits(columns: Mapping[str, Mapping[str, Mapping]], words: float | None = None) -> bytes:
    """PNG: tail H@10, a column a recommender, a bar a set of features, ours first, with 95 % intervals and chance.
    words: the same of who knows the texts' words alone, told beside them."""
    names = sorted(next(iter(columns.values())), key=lambda name: name != OURS)
    rows = {
        label_of(name): {title: tail_share(title, found[name]) for title, found in columns.items()} for name in names
    }
    note = "Of users whose last item is of the tail; thin lines are 95 % intervals, the long one is chance"
    if words is not None:
        note += f"; words alone find {words:.2f}"
    return draw_shares(rows, list(columns), CHANCE, ("Tail H@10 by recommender and features", note))


def tail_share(title: str, values: Mapping) -> Share:
    """Of a recommender's values by group and metric."""
    found = values["tail"]["H@10"]
    return Share(title, found["n"], found["value"], found["low"], found["high"])


def draw_conflict(runs: Mapping[str, Sequence[Mapping]]) -> bytes:
    """PNG: cosine of the modalities' gradients, over training and by layer at its end, for q and k. runs: validations,
    by name, of MoDA ("sda-0") and of LoRA ("lora-0") where they are there."""
    import matplotlib

    chosen = {name: runs[name] for name in ("sda-0", "lora-0") if name in runs} or dict(list(runs.items())[:2])
    series = [(name, projection) for name in chosen for projection in ("q_proj", "k_proj")]
    titles = {"sda-0": "MoDA", "lora-0": "LoRA"}
    with matplotlib.rc_context(STYLE):
        note = "Cosine of what texts and what pictures would change; below 0 they pull against each other"
        figure = new_figure("Gradients of the two modalities", note, 4.6)
        draw_legend(figure, [f"{titles.get(name, name)}, {projection[0]}" for name, projection in series])
        over, by = place(figure, 0.8, 1.35, 5.3, 0.7), place(figure, 5.6, 1.35, 0.4, 0.7)
        for (name, projection), (colour, marker) in zip(series, SPLIT_STYLES, strict=False):
            points = [point for point in chosen[name] if point.get("conflict")]
            means = [fmean(point["conflict"][projection]) for point in points]
            over.plot([point["step"] for point in points], means, f"{marker}-", color=colour, ms=5, mec="white")
            last = points[-1]["conflict"][projection]
            by.plot(range(1, len(last) + 1), last, f"{marker}-", color=colour, ms=5, mec="white")
        for axes, label in ((over, "step"), (by, "layer that learns, the lowest first")):
            axes.axhline(0, color=LINE, lw=1, zorder=0)
            axes.set(ylim=(-1, 1), xlabel=label)
        over.set_ylabel("cosine")
        return to_png(figure)


def draw_spaces(spaces: Sequence[Mapping]) -> bytes:
    """PNG: texts and pictures of the same items on two principal components, a panel a set of features."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        note = "250 items on two principal components; recall among 500 of all items, learned from or not"
        figure = new_figure("Texts and pictures in one space", note, 5.2)
        draw_legend(figure, ["text", "picture"])
        width = (WIDTH - 0.7 - 0.4 * (len(spaces) - 1)) / len(spaces)
        for column, space in enumerate(spaces):
            start = 0.35 + column * (width + 0.4)
            axes = place(figure, start, 1.55, WIDTH - start - width, 0.35)
            for points, (colour, marker) in zip((space["texts"], space["images"]), SPLIT_STYLES, strict=False):
                axes.plot(*zip(*points, strict=True), marker, color=colour, ms=4, mec="white", mew=0.4, alpha=0.8)
            axes.set_title(
                f"{label_of(space['name'])}: recall@10 {space['recall']['10']:.2f}, gap {space['gap']:.2f}", size=11
            )
            axes.set(xticks=[], yticks=[])
        return to_png(figure)
