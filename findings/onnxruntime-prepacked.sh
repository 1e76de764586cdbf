#!/usr/bin/env bash
# ONNX Runtime can save the weights of products in the order in which its kernels read them. One would take the file to
# hold those instead of the others: it holds both, and what is gained is that nothing is loaded.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.19.1 numpy==2.4.6

cd "$work"
cat > common.py <<'PY'
import sys

import onnxruntime

BIG = "session.optimized_model_external_initializers_min_size_in_bytes"
FILE = "session.optimized_model_external_initializers_file_name"
PACKED = "session.save_external_prepacked_constant_initializers"
SIDE, LAYERS = 1024, 24  # 100 MB of weights


def hold(fact, true):
    if not true:
        sys.exit(f"CHANGED: it no longer holds that {fact}.")
    print(f"holds: {fact}")


def open_graph(path, **entries):
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = entries.pop("target", "")
    for key, value in entries.items():
        options.add_session_config_entry(globals()[key], value)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def own_megabytes():
    """Memory of the process that no file backs."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1024
PY

"$work/venv/bin/python" - <<'PY'
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from common import LAYERS, SIDE, hold, open_graph
from onnx import TensorProto, helper, numpy_helper

print("onnxruntime", onnxruntime.__version__)
draw = np.random.default_rng(0)
weights = [numpy_helper.from_array(draw.normal(0, SIDE**-0.5, (SIDE, SIDE)).astype("f4"), f"w{i}") for i in range(LAYERS)]
names = ["x", *(f"h{i}" for i in range(LAYERS - 1)), "y"]
nodes = [helper.make_node("MatMul", [names[i], f"w{i}"], [names[i + 1]]) for i in range(LAYERS)]
ends = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", SIDE])] for name in "xy"]
onnx.save(helper.make_model(helper.make_graph(nodes, "products", *ends, weights),
                            opset_imports=[helper.make_opsetid("", 18)], ir_version=10), "model.onnx")
open_graph("model.onnx", target="plain.onnx", FILE="plain.bin", BIG="1024")
open_graph("model.onnx", target="packed.onnx", FILE="packed.bin", BIG="1024", PACKED="1")
ratio = Path("packed.bin").stat().st_size / Path("plain.bin").stat().st_size
print(f"packed.bin has {ratio:.2f} times the bytes of plain.bin")
hold("the file with packed weights keeps the plain ones beside them", 1.9 < ratio < 2.2)
PY

for name in plain packed; do
  "$work/venv/bin/python" - $name <<'PY' | tee $name.txt
import sys

import numpy as np
from common import SIDE, open_graph, own_megabytes

before = own_megabytes()
session = open_graph(sys.argv[1] + ".onnx")
total = session.run(None, {"x": np.ones((4, SIDE), "f4")})[0].sum()
print(f"{sys.argv[1]} {own_megabytes() - before:.0f} {total:.3f}")
PY
done

"$work/venv/bin/python" - <<'PY'
from common import hold

(_, plain, one), (_, packed, other) = (open(f"{name}.txt").read().split() for name in ("plain", "packed"))
hold("plain weights come to lie in the process's own memory, packed anew at every start", float(plain) > 90)
hold("packed ones stay in the file, which is mapped", float(packed) < 40)
hold("the outputs are the same", abs(float(one) - float(other)) < 1e-2 * abs(float(one)))
PY
