#!/usr/bin/env bash
# Cornac's VBPR learns from B x B preferences of a batch of B: each pair of items is taken with the visual bias of every
# other pair.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cornac==3.0.1 numpy==2.4.6 torch==2.13.0

cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import torch
from cornac.data import Dataset, ImageModality
from cornac.models import VBPR


def hold(fact, true):
    if not true:
        sys.exit(f"CHANGED: it no longer holds that {fact}.")
    print(f"holds: {fact}")


print("cornac", version("cornac"), "torch", version("torch"))
rng = np.random.default_rng(0)
items = [f"i{item}" for item in range(30)]
had = [(f"u{user}", items[item], 1.0) for user in range(40) for item in rng.choice(30, 5, replace=False)]
data = Dataset.from_uir(had, seed=1)
order = list(data.iid_map)
features = rng.normal(size=(len(order), 8)).astype("float32")
pictures = ImageModality(features=features, ids=order)
pictures.build(id_map=data.iid_map)
data.add_modalities(item_image=pictures)

seen, plain = [], torch.nn.functional.logsigmoid


def watched(values):
    seen.append(values.detach().clone())
    return plain(values)


torch.nn.functional.logsigmoid = watched
model = VBPR(k=4, k2=4, n_epochs=1, batch_size=50, learning_rate=0.0, seed=1, verbose=False)
model.fit(data)
print("shapes of what goes into the loss, batches of 50:", [tuple(values.shape) for values in seen])
hold("a batch of 50 pairs gives 50 x 50 preferences", all(values.shape == (50, 50) for values in seen))

# A row is one pair's visual bias, a column one pair's everything else: their sum is right on the diagonal alone.
first = seen[0]
rows = first - first[:, :1]
alike = float((rows - rows[:1]).abs().max())
hold("what a column adds is the same in each row, so the bias of one pair meets all the others", alike < 1e-4)
own, learned = plain(first.diagonal()).sum().item(), plain(first).sum().item()
print(f"sum over the 50 own pairs {own:.1f}, over what is learned from {learned:.1f}")
hold("the sum is some 50 times that of the pairs: the same lambda weighs a fiftieth", 40 < learned / own < 60)
PY
