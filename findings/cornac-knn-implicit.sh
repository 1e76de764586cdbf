#!/usr/bin/env bash
# Cornac's ItemKNN and UserKNN give a mean of ratings, not a sum of similarities: where every rating is 1, as in
# purchases, whatever shares a neighbour gets the same score, and the ranking is an accident.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cornac==3.0.1 numpy==2.4.6 scipy==1.17.1

cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from cornac.data import Dataset
from cornac.models import ItemKNN, UserKNN


def hold(fact, true):
    if not true:
        sys.exit(f"CHANGED: it no longer holds that {fact}.")
    print(f"holds: {fact}")


print("cornac", version("cornac"))
# Two tastes: whoever bought tea buys tea things, ten of them together; one of them bought a hammer once.
tea = [(f"tea{user}", item, 1.0) for user in range(10) for item in ("pot", "cup", "tray")]
tools = [(f"tool{user}", item, 1.0) for user in range(10) for item in ("hammer", "saw", "drill")]
data = Dataset.from_uir([*tea, *tools, ("tea0", "hammer", 1.0), ("new", "pot", 1.0)], seed=1)
user, row = data.uid_map["new"], data.iid_map
for model in (ItemKNN(k=20, similarity="cosine", verbose=False), UserKNN(k=20, similarity="cosine", verbose=False)):
    scores = np.asarray(model.fit(data).score(user), float)
    found = {item: round(float(scores[place]), 4) for item, place in row.items()}
    print(model.name, found)
    hold(f"{model.name} scores a cup, bought by ten with the pot, as a hammer, bought by one", found["cup"] == found["hammer"])
    hold(f"{model.name} tells only what shares a neighbour from what shares none", len(set(found.values())) <= 2)

matrix = data.csr_matrix.toarray()
unit = matrix / np.linalg.norm(matrix, axis=0)
sums = matrix[user] @ (unit.T @ unit)
print("sums of the same cosines", {item: round(float(sums[place]), 3) for item, place in row.items()})
hold("sums of the same similarities put the cup far before the hammer", sums[row["cup"]] > 5 * sums[row["hammer"]])
PY
