"""How a report names sets of features, adaptations and recommenders, and writes a value with its interval."""

from collections.abc import Mapping

from lavic_chat.sda.fitted import RUN, WORDS

LABELS = {
    "ids": "ids only", "noise": "noise", "plain": "MiniLM + DINOv2", "tower": "MiniLM + our tower",
    "raw": "LLM as it comes", "lvlm": "LLM, LaViC", "sda": "SDA (CMSA, MoDA)", "lora": "CMSA, LoRA",
    "infonce": "InfoNCE, LoRA", "hard": "InfoNCE, MoDA", "separate": "CMSA, a LoRA each", "experts2": "two experts",
    "experts4": "four experts", "start": "taught by the start", "toward": "pictures alone learn",
    "taught": "teacher learns too", "soft": "CMSA, warmer teacher", "scaled": "eight experts, scaled by eight",
    "sda-of-week": "SDA of the week's items", "two-years-sda": "SDA of two years' items", WORDS: "TF-IDF of the texts",
}  # fmt: skip
NAMES = {"vbpr": "VBPR", "slmrec": "SLMRec", "sasrec": "SASRec", "bert4rec": "BERT4Rec"}


def label_of(name: str) -> str:
    """Of a set of features or an adaptation, whichever run of it; its name where it has no other."""
    return LABELS.get(RUN.sub("", name), name)


def with_interval(value: Mapping, sign: str = "") -> str:
    """A value with its interval; sign: "+" where it may be of either."""
    found, low, high = (f"{value[name]:{sign}.3f}" for name in ("value", "low", "high"))
    return f"{found} ({low} to {high})"


def with_star(value: Mapping) -> str:
    """A difference with its interval, and whether that excludes 0."""
    return with_interval(value, "+") + (" *" if value["low"] > 0 or value["high"] < 0 else "")
