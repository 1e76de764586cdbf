#!/usr/bin/env bash
# The ranking metrics of `recommenders` do not average over the same users: of three, recall takes two, nDCG all three,
# and R-precision one.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
# Without what only its models and notebooks need: the metrics are pandas code.
"$work/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 pandas==2.3.3 scikit-learn==1.9.1
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps recommenders==1.2.1

cd "$work"
"$work/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version

import pandas as pd
from recommenders.evaluation.python_evaluation import map_at_k, ndcg_at_k, precision_at_k, r_precision_at_k, recall_at_k


def hold(fact, true):
    if not true:
        sys.exit(f"CHANGED: it no longer holds that {fact}.")
    print(f"holds: {fact}")


def near(value, wanted):
    return abs(value - wanted) < 1e-9


print("recommenders", version("recommenders"), "pandas", version("pandas"))
# Each of three users wants one thing. One is shown it, one is shown something else, one is shown nothing.
wanted = pd.DataFrame({"userID": ["served", "missed", "silent"], "itemID": ["sofa", "lamp", "desk"], "rating": 1.0})
shown = pd.DataFrame({"userID": ["served", "missed"], "itemID": ["sofa", "sofa"], "prediction": 1.0})
metrics = (precision_at_k, recall_at_k, map_at_k, ndcg_at_k, r_precision_at_k)


def scores(shown):
    found = {metric.__name__: float(metric(wanted, shown, k=1)) for metric in metrics}
    print({name: round(value, 3) for name, value in found.items()})
    return found


# At k=1 with one wanted item, each user's own score is 1 or 0 in every one of them: the mean tells who was counted.
print("one user is shown nothing:")
one = scores(shown)
hold(
    "precision, recall and MAP leave out the user who was shown nothing (1 of 2)",
    all(near(one[name], 1 / 2) for name in ("precision_at_k", "recall_at_k", "map_at_k")),
)
hold("nDCG counts that user as a miss (1 of 3)", near(one["ndcg_at_k"], 1 / 3))
hold("R-precision leaves out the user whose list misses, too (1 of 1)", near(one["r_precision_at_k"], 1))

print("the same, but that user is shown a wrong thing:")
two = scores(pd.concat([shown, pd.DataFrame({"userID": ["silent"], "itemID": ["sofa"], "prediction": [1.0]})]))
hold(
    "then precision, recall, MAP and nDCG agree (1 of 3)",
    all(near(two[name], 1 / 3) for name in two if name != "r_precision_at_k"),
)
hold("R-precision is 1 still, though two of three were shown the wrong thing", near(two["r_precision_at_k"], 1))
PY
