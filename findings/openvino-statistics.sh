#!/usr/bin/env bash
# Importing OpenVINO, and converting with it, is reported to its maker's statistics without asking.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 openvino-telemetry==2025.2.0 numpy==2.4.6
"$work/venv/bin/pip" install --quiet --disable-pip-version-check onnx==1.19.1

cd "$work"
mkdir home
# As on somebody's own machine: continuous integration is left alone. Nothing leaves this one: the sender is replaced.
env -u CI -u TF_BUILD -u JENKINS_URL HOME="$work/home" "$work/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from openvino_telemetry.utils.sender import TelemetrySender


def hold(fact, true):
    if not true:
        sys.exit(f"CHANGED: it no longer holds that {fact}.")
    print(f"holds: {fact}")


print("openvino", version("openvino"), "openvino-telemetry", version("openvino-telemetry"))
sent = []
TelemetrySender.send = lambda self, backend, message: sent.append(message)

weight = numpy_helper.from_array(np.ones((2, 2), np.float32), "w")
graph = helper.make_graph(
    [helper.make_node("MatMul", ["x", "w"], ["y"])], "one product",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])], [weight],
)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "model.onnx")

import openvino  # noqa: E402

print("after the import:", len(sent), "message;", str(sent[0])[:230] if sent else None)
hold("the import alone is reported, without having asked", len(sent) == 1 and "general_import" in str(sent[0]))
openvino.Core().read_model("model.onnx")
hold("reading a model reports nothing more", len(sent) == 1)
openvino.convert_model("model.onnx")
print("after a conversion:", len(sent), "messages")
hold("each conversion is reported as well", len(sent) > 1)
left = sorted(path.name for path in Path("home").rglob("*") if path.is_file())
print("left in the home folder:", left)
hold("an id that names this home is kept in it", any("cid" in name for name in left))

sent.clear()
for name in [name for name in sys.modules if name.partition(".")[0] in ("openvino", "openvino_telemetry")]:
    if not name.startswith("openvino._pyopenvino"):  # the compiled part can be loaded once only
        del sys.modules[name]
sys.modules["openvino_telemetry"] = None  # as if that package were not installed
import openvino as silent  # noqa: E402

silent.convert_model("model.onnx")
hold("where the package openvino-telemetry is missing, both work and report nothing", not sent)
PY
