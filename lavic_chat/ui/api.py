"""What other programs may ask of the model, through `gradio_client`: ask, recommend, flag. Stateless; each call says
everything. `product_api.py` has what they may ask of the products, `mcp_server.py` the same as tools for agents.

from gradio_client import Client, handle_file
chat = Client("http://127.0.0.1:7860")
answer = chat.predict("something like this, in wood", handle_file("chair.jpg"), api_name="/ask")
answer = chat.predict("<submission>a sofa</submission><comment>Which colour?</comment>...", api_name="/recommend")
chat.predict(answer["context"], [[item["id"], item["score"]] for item in answer["candidates"]],
             answer["pick"]["id"], "the right id", "wrong colour", api_name="/flag")

To a message that asks for no pick, such as a question or thanks, "pick" is None, "candidates" is empty, and "reply" is
what there is to say. "intent" is what was understood, "gave_way" what the pick does not meet, "unknown" what the shop
does not say of such things.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import gradio as gr

from lavic_chat.catalog.facts import currency_in, reachable
from lavic_chat.catalog.pictures import picture_format
from lavic_chat.dialogue.reddit_amazon import parse_context, to_context
from lavic_chat.dialogue.turns import API_WINDOW, SEEKER, Dialogue
from lavic_chat.errors import DialogueError, FlagError
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.feedback.flags import Flag, checked_candidates
from lavic_chat.recommendation import Recommendation, RecommendationRequest, ask_recommender, to_answer
from lavic_chat.ui.clients import Clients
from lavic_chat.ui.failures import SORRY, sentence
from lavic_chat.ui.flag_form import NOT_STORED, check_products, checked_reason
from lavic_chat.ui.product_api import ID_AND_SCORE, errors_as_sentences, json_list, read_filters
from lavic_chat.ui.session import Recommender
from lavic_chat.ui.waiting import LeftError, Line, model_queue, result, visitor_of

GONE = "The connection was closed before there was an answer; ask again."
LONGEST_CONTEXT = 50_000  # characters


class Api:
    """Three endpoints on components that nobody sees."""

    def __init__(
        self,
        recommender: Recommender,
        annotations: AnnotationStore,
        clients: Clients | None = None,
        currency: str = "",
    ):
        """clients: who asks, and how much each may; without it nobody is held back. currency: of prices for which
        neither product nor catalogue names one. Photos that calls bring along go with the answer (`RefusingBlocks`)."""
        self.usual = currency
        self.recommender, self.annotations = recommender, annotations
        self.clients = clients or Clients()

    def lay_out(self) -> None:
        """Make the components and bind the endpoints."""
        with gr.Row(visible=False):
            message, context = gr.Textbox(label="message"), gr.Textbox(label="context")
            photo = gr.File(label="photo", file_types=["image"], type="filepath")
            categories = gr.JSON([], label="categories")
            least, most = gr.Textbox("", label="least"), gr.Textbox("", label="most")
            candidates = json_list("candidates", ID_AND_SCORE)
            pick, correct, reason, about = (
                gr.Textbox("", label=name) for name in ("pick", "correct", "reason", "about")
            )  # fmt: skip
            answer, trigger = gr.JSON(label="answer"), gr.Button()
        model = model_queue(self.recommender)
        shared = isinstance(self.recommender, Line)
        ask, recommend = (self.ask_in_line, self.recommend_in_line) if shared else (self.ask, self.recommend)
        trigger.click(ask, [message, photo, categories, least, most], answer, api_name="ask", **model)
        trigger.click(recommend, [context, about], answer, api_name="recommend", **model)
        trigger.click(self.flag, [context, candidates, pick, correct, reason], answer, api_name="flag")

    def ask(
        self, message: str, photo: str | None, categories: list | None, least: str, most: str, caller: gr.Request
    ) -> dict:
        """One message, perhaps with a photo and within filters: the pick, and all candidates with their scores.
        Where the message asks for no pick, that is None, and the reply says what there is to say."""
        return self.answer_alone(lambda: self.read_message(message, photo, categories, (least, most)), caller)

    def recommend(self, context: str, about: str, caller: gr.Request) -> dict:
        """Have a product picked: ten candidates are found, a model looks at the pictures of each, and ranks them. The
        answer has the pick, the candidates with their scores, and for each id, title, category, price, currency,
        in_stock, link, caption (what its picture shows, in the model's words) and attributes. gave_way are conditions
        that the pick does not meet, unknown those of which the shop says nothing, intent what was understood; where
        nothing is to be picked, reply is what there is to say. context is the conversation, to go on with.

        Parameters:
            context: A message, or a whole conversation as <submission>shopper</submission><comment>seller</comment>...
            about: Id of the product that the shopper has chosen to see, which the newest message means with "this one";
                empty where that is the pick.
        """
        return self.answer_alone(lambda: self.read_context(context, about), caller)

    async def ask_in_line(
        self, message: str, photo: str | None, categories: list | None, least: str, most: str, caller: gr.Request
    ) -> dict:
        """`ask`, after those before in line."""
        return await self.answer_in_line(lambda: self.read_message(message, photo, categories, (least, most)), caller)

    async def recommend_in_line(self, context: str, about: str, caller: gr.Request) -> dict:
        """`recommend`, after those before in line."""
        return await self.answer_in_line(lambda: self.read_context(context, about), caller)

    # what programs and agents are told of an endpoint
    ask_in_line.__doc__, recommend_in_line.__doc__ = ask.__doc__, recommend.__doc__

    def flag(
        self, context: str, candidates: list | None, pick: str, correct: str, reason: str, caller: gr.Request
    ) -> dict:
        """Tell the shop that a pick was wrong, and which of the candidates, or of the catalogue, would have been right;
        people look at it, and the model learns from it.

        Parameters:
            context: The conversation, as the answer of recommend has it.
            candidates: The candidates of that answer, each as [id, score].
            pick: The id that was picked.
            correct: The id that would have been right; empty where none of them was.
            reason: What was wrong with it, in a few words; may be empty.
        """
        with errors_as_sentences(NOT_STORED):
            self.clients.flag(self.clients.of(caller))
            return self.store(context, candidates, pick, correct, reason)

    def answer_alone(self, read: Callable[[], RecommendationRequest], caller: gr.Request) -> dict:
        """The recommender's answer as JSON, and the conversation as dialogue files hold it; raises `gr.Error`."""
        with errors_as_sentences():
            request = read()
            with self.clients.question(self.clients.of(caller)):
                return self.to_json(ask_recommender(self.recommender, shortened(request)), request)

    async def answer_in_line(self, read: Callable[[], RecommendationRequest], caller: gr.Request) -> dict:
        """The same after those before in line, waiting in no thread; raises `gr.Error` with the sentence for what
        cannot be answered."""
        assert isinstance(self.recommender, Line)
        try:
            request, shopper, client = read(), visitor_of(caller), self.clients.of(caller)
            with self.clients.question(client):
                if not await self.clients.presence.wait_for(shopper):
                    raise LeftError
                ticket = self.recommender.submit(shortened(request), shopper, client)
                return self.to_json(await result(ticket), request)
        except LeftError:  # nobody reads this
            raise gr.Error(GONE, print_exception=False) from None
        except Exception as error:
            raise gr.Error(sentence(error, SORRY), print_exception=False) from None

    def store(self, context: str, candidates: object, pick: str, correct: str, reason: str) -> dict:
        """`flag`, raising FlagError for what cannot be stored."""
        if not isinstance(candidates, Sequence) or isinstance(candidates, str):
            raise FlagError("The candidates must be a list of [id, score].")
        pairs = checked_candidates(candidates)
        flag = Flag(
            turn_id=uuid4().hex,
            context=checked_context(context),
            candidates=tuple(sorted(pairs, key=lambda pair: -pair[1])),  # annotators are shown the best ten
            pick=pick,
            correct=correct or None,
            reason=checked_reason(reason),
            model_hash=self.recommender.model_hash,
            catalog_hash=self.recommender.catalog.fingerprint,
        )
        return {"stored": self.annotations.add(check_products(flag, self.recommender.catalog))}

    def read_message(
        self, message: str, photo: str | None, categories: list | None, prices: tuple[str, str]
    ) -> RecommendationRequest:
        """What `ask` asks; raises LavicError for what cannot be asked."""
        if photo:
            picture_format(Path(photo))
        dialogue = Dialogue().say(message or "", Path(photo) if photo else None)
        return RecommendationRequest(dialogue, filters=read_filters(categories, prices, self.recommender.catalog))

    def read_context(self, context: str, about: str = "") -> RecommendationRequest:
        """What `recommend` asks, of a conversation, or of a message without any of its tags; raises DialogueError for
        what cannot be asked."""
        dialogue = parse_context(checked_context(context))
        if not dialogue.turns:
            dialogue = Dialogue().say(context)
        if dialogue.turns[-1].role != SEEKER:
            raise DialogueError("The conversation must end with the shopper, in <submission>...</submission>.")
        if about and about not in self.recommender.catalog:
            raise DialogueError(
                "`about` is no product of this catalogue; give the id of one that was shown, or nothing."
            )
        newest = replace(dialogue.turns[-1], about=about or None)
        return RecommendationRequest(replace(dialogue, turns=(*dialogue.turns[:-1], newest)))

    def to_json(self, found: Recommendation, request: RecommendationRequest) -> dict:
        """An answer, and the conversation as dialogue files hold it."""
        catalog = self.recommender.catalog
        answer = to_answer(found, currency_in(catalog, self.usual))
        rows = [reachable(catalog, row) for row in answer["candidates"]]
        shown = {"pick": rows[0] if rows else None, "candidates": rows}
        return {**answer, **shown, "context": to_context(request.dialogue)}


def shortened(request: RecommendationRequest) -> RecommendationRequest:
    """With as much of its conversation as is read."""
    return replace(request, dialogue=request.dialogue.newest(API_WINDOW))


def checked_context(context: str) -> str:
    """The conversation; raises DialogueError unless it is a text of a length that can be read."""
    if not isinstance(context, str) or not context.strip() or len(context) > LONGEST_CONTEXT:
        raise DialogueError(f"The conversation must be a text of 1 to {LONGEST_CONTEXT:,} characters.")
    return context
