"""The appearance: one palette in light and dark, given both to Gradio's theme and to style.css as CSS variables."""

from inspect import signature
from pathlib import Path

from gradio.themes import Base, sizes

HERE = Path(__file__).parent

# name: (light, dark). Text on its ground keeps a contrast of at least 4.5 : 1 in both.
PALETTE = {
    "paper": ("#f3f5f2", "#111412"),
    "surface": ("#ffffff", "#1a1f1c"),
    "sunken": ("#e9ede9", "#232a26"),
    "line": ("#d6dcd6", "#323b36"),
    "edge": ("#7d8a82", "#6f7d75"),
    "ink": ("#17201b", "#edf2ee"),
    "quiet": ("#536059", "#a5b2aa"),
    "accent": ("#185846", "#84d3b2"),
    "accent-strong": ("#0f4234", "#a5e2c8"),
    "on-accent": ("#ffffff", "#0a1f18"),
    "accent-soft": ("#dfece5", "#20352c"),
    "bubble": ("#185846", "#24513f"),
    "on-bubble": ("#ffffff", "#eef6f1"),
    "sun": ("#f0b429", "#f2bf4f"),
    "on-sun": ("#2b1f02", "#2b1f02"),
    "alarm": ("#97291a", "#ffab9c"),
    "alarm-soft": ("#fbe9e5", "#3a201b"),
}
# What each system has that reads well in a shop; nothing is fetched.
FONTS = ("Avenir Next", "Segoe UI", "Helvetica Neue", "Noto Sans", "Liberation Sans", "system-ui", "sans-serif")
MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "monospace")
# Gradio's own variables; dark ones get the same value, for it is our variables that change.
GRADIO = {
    "body_background_fill": "var(--paper)",
    "body_text_color": "var(--ink)",
    "body_text_color_subdued": "var(--quiet)",
    "background_fill_primary": "var(--surface)",
    "background_fill_secondary": "var(--sunken)",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--accent)",
    "color_accent": "var(--accent)",
    "color_accent_soft": "var(--accent-soft)",
    "block_background_fill": "transparent",
    "block_border_width": "0px",
    "block_shadow": "none",
    "block_padding": "0px",
    "block_title_text_color": "var(--ink)",
    "block_title_text_weight": "600",
    "block_label_text_color": "var(--quiet)",
    "block_info_text_color": "var(--quiet)",
    "layout_gap": "14px",
    "input_background_fill": "var(--surface)",
    "input_background_fill_focus": "var(--surface)",
    "input_border_color": "var(--edge)",
    "input_border_color_focus": "var(--accent)",
    "input_border_width": "1px",
    "input_placeholder_color": "var(--quiet)",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "checkbox_background_color": "var(--surface)",
    "checkbox_background_color_selected": "var(--accent)",
    "checkbox_border_color": "var(--edge)",
    "checkbox_border_color_selected": "var(--accent)",
    "checkbox_border_color_focus": "var(--accent)",
    "checkbox_label_background_fill": "var(--surface)",
    "checkbox_label_background_fill_hover": "var(--accent-soft)",
    "checkbox_label_background_fill_selected": "var(--accent-soft)",
    "checkbox_label_border_color": "var(--line)",
    "checkbox_label_border_width": "1px",
    "checkbox_label_text_color": "var(--ink)",
    "checkbox_label_text_color_selected": "var(--ink)",
    "checkbox_label_shadow": "none",
    "button_large_radius": "999px",
    "button_medium_radius": "999px",
    "button_small_radius": "999px",
    "button_border_width": "1px",
    "button_large_text_weight": "600",
    "button_medium_text_weight": "600",
    "button_primary_background_fill": "var(--accent)",
    "button_primary_background_fill_hover": "var(--accent-strong)",
    "button_primary_border_color": "var(--accent)",
    "button_primary_border_color_hover": "var(--accent-strong)",
    "button_secondary_border_color_hover": "var(--accent)",
    "button_secondary_text_color_hover": "var(--ink)",
    "button_primary_text_color_hover": "var(--on-accent)",
    "button_primary_text_color": "var(--on-accent)",
    "button_secondary_background_fill": "var(--surface)",
    "button_secondary_background_fill_hover": "var(--accent-soft)",
    "button_secondary_border_color": "var(--edge)",
    "button_secondary_text_color": "var(--ink)",
    "button_primary_shadow": "none",
    "button_secondary_shadow": "none",
    "loader_color": "var(--accent)",
    "error_text_color": "var(--alarm)",
    "error_border_color": "var(--alarm)",
    "error_background_fill": "var(--alarm-soft)",
}


def theme() -> Base:
    """Gradio's variables, filled from the palette; everything else is in style.css."""
    base = Base(
        font=FONTS,
        font_mono=MONO,
        text_size=sizes.text_md,
        spacing_size=sizes.spacing_md,
        radius_size=sizes.radius_lg,
    )
    both = GRADIO | {f"{name}_dark": value for name, value in GRADIO.items()}
    return base.set(**{name: value for name, value in both.items() if name in signature(base.set).parameters})


def stylesheet() -> str:
    """The palette as variables, then style.css."""
    light, dark = ("".join(f"--{name}:{pair[side]};" for name, pair in PALETTE.items()) for side in (0, 1))
    rules = (HERE / "style.css").read_text(encoding="utf-8")
    return f":root{{{light}color-scheme:light}}\n.dark{{{dark}color-scheme:dark}}\n{rules}"


def script() -> str:
    """What every piece of HTML runs once it is on the page."""
    return (HERE / "script.js").read_text(encoding="utf-8")
