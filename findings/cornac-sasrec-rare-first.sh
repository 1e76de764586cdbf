#!/usr/bin/env bash
# Cornac's SASRec ranks what rarely comes next above what mostly does, where the latter is popular in general: its loss
# is a softmax over items that are drawn by how popular they are, and nothing takes that off again.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cornac==3.0.1 numpy==2.4.6 torch==2.13.0

cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys
from collections import Counter
from importlib.metadata import version
from itertools import count

import numpy as np
from cornac.data import SequentialDataset
from cornac.models import SASRec


def hold(fact, true):
    if not true:
        sys.exit(f"CHANGED: it no longer holds that {fact}.")
    print(f"holds: {fact}")


print("cornac", version("cornac"), "torch", version("torch"))
pairs = [("butter", "bread" if n % 10 < 7 else "jam") for n in range(1000)]
pairs += [(f"thing {n % 30}", "bread") for n in range(3000)]
pairs += [(f"thing {n % 30}", f"thing {(n + 7) % 30}") for n in range(1000)]
clock = count()
events = [(f"s{n}", item, next(clock)) for n, pair in enumerate(pairs) for item in pair]
data = SequentialDataset.from_sit(events, seed=1)
had = Counter(item for pair in pairs for item in pair)
print("after butter came bread 700 times, jam 300; in all:", {item: had[item] for item in ("bread", "jam")})

model = SASRec(n_epochs=10, embedding_dim=32, max_len=5, seed=1).fit(data)  # the loss and its samples as they come
scores = dict(zip(data.iid_map, model.score(0, [data.iid_map["butter"]])))
print("its two best after butter:", sorted(scores, key=scores.get, reverse=True)[:2])
print("scores:", {item: round(float(scores[item]), 2) for item in ("bread", "jam")})
hold("jam is ranked first, though bread came after butter more than twice as often", scores["jam"] > scores["bread"])

# In a batch of 512 an item is there as often as it is wanted, and among 2,048 more by the root of how often it was had.
wanted, roots = Counter(last for _, last in pairs), {item: n**0.5 for item, n in had.items()}
drawn = {item: 512 * wanted[item] / len(pairs) + 2048 * roots[item] / sum(roots.values()) for item in ("bread", "jam")}
whole = {item: scores[item] + np.log(n) for item, n in drawn.items()}
print("with the logarithm of how often it was drawn:", {item: round(float(score), 2) for item, score in whole.items()})
hold("with that added bread is first, so that it is the sampling that was learned", whole["bread"] > whole["jam"])
PY
