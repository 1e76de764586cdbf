"""What understands shoppers over a catalogue, put together of the shipped parts."""

from collections.abc import Sequence

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.stored import StoredProducts
from lavic_chat.features.attribute_heads import AttributeHeads
from lavic_chat.features.stored_items import StoredItems
from lavic_chat.features.text_encoder import TextEncoder
from lavic_chat.model.runtimes import open_tagger
from lavic_chat.nlu.appearance_table import AppearanceTable
from lavic_chat.nlu.english import common_words, is_spelled, load_lexicon, load_thesaurus
from lavic_chat.nlu.grounding import English, Grounding, Prepared
from lavic_chat.nlu.listener import Listener
from lavic_chat.nlu.tagging import TurnReader
from lavic_chat.ranking.visual_ranker import source_of
from lavic_chat.retrieval.text_prototypes import load_prototypes
from lavic_chat.serving.stored import open_word_tables
from lavic_chat.settings import Settings


def appearance_of(heads: AttributeHeads | None, items: StoredItems) -> AppearanceTable | None:
    """How probably the items look in which way; None where no heads tell it."""
    if heads is None or items.appearance is None:
        return None
    return AppearanceTable(heads.words, heads.attributes, items.appearance, items.others)


def make_listener(
    settings: Settings,
    catalog: Catalog,
    captions: Sequence[str],
    encoder: TextEncoder,
    seen: AppearanceTable | None = None,
) -> Listener:
    """What understands shoppers over a catalogue: the adapter's tagger, or the shipped one. seen: how its products
    look, where more than their captions tells it."""
    tagger = open_tagger(source_of(settings))
    thesaurus = load_thesaurus()
    prototypes = load_prototypes(settings.adapter, encoder.name, thesaurus)
    english = English(load_lexicon(), thesaurus, tagger.is_word, is_spelled, common_words, prototypes)
    reads = catalog.terms.appearance
    tables = open_word_tables(settings, catalog, seen.others if seen else captions, encoder)
    grounding = Grounding(catalog.products, captions, encoder, english, reads, Prepared(tables, seen))
    facts = catalog.products.facts if isinstance(catalog.products, StoredProducts) else None
    return Listener(TurnReader(tagger), grounding, captions, catalog.currency_sign(settings.currency), facts)
