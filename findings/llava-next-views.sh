#!/usr/bin/env bash
# LLaVA-NeXT's picture processor makes three, four or five views of a picture: its shape decides, not only its size.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.24.0 pillow==13.0.0 numpy==2.4.6

cd "$work"
HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error "$work/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version

from PIL import Image
from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil


def hold(fact, true):
    if not true:
        sys.exit(f"CHANGED: it no longer holds that {fact}.")
    print(f"holds: {fact}")


def picture(width, height):
    return Image.linear_gradient("L").convert("RGB").resize((width, height))


print("transformers", version("transformers"), "pillow", version("pillow"), "numpy", version("numpy"))
# The stock grids; views of 336 pixels, as the tower of the 7B model takes them.
processor = LlavaNextImageProcessorPil(size={"shortest_edge": 336}, crop_size={"height": 336, "width": 336})
print("grids:", processor.image_grid_pinpoints)

sizes = [(200, 200), (336, 336), (337, 337), (640, 480), (1920, 1080), (1000, 500), (2000, 1000), (1000, 300)]
views = {}
for size in sizes:
    pixels = processor(picture(*size), return_tensors="np")["pixel_values"]
    views[size] = pixels.shape[1]
    print(f"{size[0]:>4} x {size[1]:<4} -> {views[size]} views")

hold("a square of up to 336 pixels gives three views", views[200, 200] == views[336, 336] == 3)
hold("a square of 337 pixels gives five", views[337, 337] == 5)
hold("common photo shapes give five", views[640, 480] == views[1920, 1080] == 5)
hold("a picture twice as wide as high gives three, however large", views[1000, 500] == views[2000, 1000] == 3)
hold("a flat picture gives four", views[1000, 300] == 4)

small, large = processor([picture(336, 336), picture(640, 480)], return_tensors="np")["pixel_values"]
filled = [sum(bool(view.any()) for view in views_of_one) for views_of_one in (small, large)]
print("one batch of 336 x 336 and 640 x 480:", small.shape[0], "views each, of which", filled, "are not all zeros")
hold(
    "beside a picture of five views, one of three is filled up to five with views of zeros (a plain mid-tone)",
    len(small) == len(large) == 5 and filled == [3, 5] and not small[3:].any(),
)
PY
