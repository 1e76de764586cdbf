"""The chat page's components and where they stand."""

from weakref import ref

import gradio as gr

from lavic_chat.catalog.filters import categories_of
from lavic_chat.ui import card_markup, markup, tabs
from lavic_chat.ui.flag_form import LONGEST_REASON, QUICK_REASONS
from lavic_chat.ui.history_storage import STORAGE_KEY
from lavic_chat.ui.session import Session
from lavic_chat.ui.theme import script


class ChatLayout:
    """The components, by the names under which the handlers know them."""

    def __init__(self, links: markup.Links):
        self.links = links

    def lay_out(self) -> None:
        """Make all components; called inside the `gr.Blocks`. style.css and script.js know them by `elem_id`."""
        gr.Navbar(visible=False)
        self.session = gr.State(Session())
        self.blind = gr.State()  # (turn id, its candidates judged without pictures), until the page shows it
        self.history = gr.State()
        self.kept = gr.BrowserState(storage_key=STORAGE_KEY, secret="lavic-chat")  # the history, with consent
        self.storage = gr.BrowserState(storage_key=tabs.STORAGE_KEY, secret="lavic-chat")  # the same after a restart
        self.laid_out = ref(self.links.catalog.columns)  # of a live catalogue others take their place
        self.masthead = html(markup.header(self.links), "masthead")
        with gr.Row(elem_id="shop", equal_height=False):
            with gr.Column(elem_id="talk", scale=5, min_width=300):
                self.lay_out_conversation()
            with gr.Column(elem_id="window", scale=7, min_width=300):
                self.lay_out_window()

    def lay_out_conversation(self) -> None:
        """The left side: conversation, what was understood, what the model is at, filters, message box."""
        self.conversation = html(markup.conversation(Session(), self.links), "conversation")
        self.conditions = html("", "conditions")
        with gr.Row(elem_id="talk-foot"):
            self.status = html(markup.status(Session()), "status")
            self.undo = gr.Button("Undo", elem_id="undo", size="sm", visible=False)
            self.start_over = gr.Button("Start over", elem_id="start-over", size="sm", visible=False)
        with gr.Accordion("Filters", open=False, elem_id="filters") as self.filters:
            self.lay_out_filters()
        self.notice = html("", "notice")
        self.box = gr.MultimodalTextbox(
            elem_id="box",
            label="Your message",
            show_label=False,
            container=False,
            placeholder="Describe it, or add a photo",
            file_types=["image"],
            file_count="single",
            sources=["upload"],
            lines=1,
            max_lines=6,
            autofocus=False,
            max_plain_text_length=1_000_000,  # a long text is answered with a sentence, not turned into a file
            html_attributes=gr.InputHTMLAttributes(enterkeyhint="send", autocomplete="off"),
        )

    def lay_out_filters(self) -> None:
        """Categories and a range of prices."""
        self.categories = gr.Dropdown(
            categories_of(self.links.catalog), value=[], multiselect=True, label="Categories", elem_id="categories"
        )
        with gr.Row(elem_id="prices"):
            self.least, self.most = (  # texts, for an empty Number is shown, and sent, as 0
                gr.Textbox(label=label, placeholder="any", max_length=20, min_width=80) for label in self.price_labels()
            )
        with gr.Row(elem_id="filter-actions"):
            self.apply_filters = gr.Button("Apply", variant="primary", size="md", min_width=80)
            self.clear_filters = gr.Button("Clear", size="md", min_width=80)

    def price_labels(self) -> list[str]:
        """What stands above the lowest and the highest price."""
        return [f"{word} {self.links.currency}" for word in ("From", "To")]

    def lay_out_window(self) -> None:
        """The right side: the card, what can be done with it, the other candidates, what one may also like and
        what becomes of that, what the model looked at."""
        self.card = html(card_markup.window(Session(), self.links), "card")
        with gr.Row(elem_id="actions", visible=False) as self.actions:
            self.something_else = gr.Button("Something else", variant="primary", size="md", min_width=90)
            self.more_like_this = gr.Button("More like this", size="md", min_width=90)
            self.wrong_pick = gr.Button("Wrong pick", elem_id="wrong-pick", size="md", min_width=90)
        with gr.Column(elem_id="flag-form", visible=False) as self.form:
            self.lay_out_form()
        self.flag_notice = html("", "flag-notice")
        self.gallery = html(markup.gallery(Session(), self.links), "gallery")
        self.also = html("", "also")
        self.keeping = html("", "keeping")
        self.inspection = html("", "looked")

    def lay_out_form(self) -> None:
        """The "wrong pick" form."""
        html("<h3>Which one was right?</h3><p>Choose below or tap a picture; leave it open if you are not sure.</p>")
        self.right = gr.Radio([], label="The right product", show_label=False, elem_id="right")
        self.quick = gr.CheckboxGroup(list(QUICK_REASONS), label="What was wrong with the pick?", elem_id="quick")
        self.words = gr.Textbox(
            label="In your own words (optional)",
            max_length=LONGEST_REASON,
            lines=2,
            max_lines=5,
            elem_id="words",
        )
        with gr.Row(elem_id="flag-actions"):
            self.save = gr.Button("Save", variant="primary", size="md", min_width=90)
            self.cancel = gr.Button("Cancel", size="md", min_width=90)


def html(value: str, name: str | None = None) -> gr.HTML:
    """A piece of our own HTML: no Gradio styles, clicks on data-act elements arrive as the event `act`."""
    return gr.HTML(value, elem_id=name, apply_default_css=False, js_on_load=script(), padding=False)
