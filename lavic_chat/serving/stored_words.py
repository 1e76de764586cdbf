"""What a catalogue's words are compared by, kept in tables at home."""

from collections.abc import Sequence
from pathlib import Path

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.stored import tables_folder
from lavic_chat.features.text_encoder import TextEncoder
from lavic_chat.nlu.english import english_hash, load_lexicon, load_thesaurus
from lavic_chat.nlu.word_tables import WORDS_FORMAT, WordTables, make_word_tables, read_word_tables
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_bytes
from lavic_chat.storage.tables import stored_tables, write_columns


def open_word_tables(settings: Settings, catalog: Catalog, captions: Sequence[str], encoder: TextEncoder) -> WordTables:
    """What the catalogue's words are compared by, from the tables in the home; made where they are not there yet."""
    english, reads = (load_lexicon(), load_thesaurus()), catalog.terms.appearance
    key = hash_bytes(WORDS_FORMAT, english_hash(), catalog.fingerprint, encoder.name, str(reads), "\n".join(captions))

    def make(folder: Path) -> None:
        write_columns(folder, make_word_tables(catalog.products, captions, encoder, english, reads).arrays())

    folder = tables_folder(settings.catalog, settings.home)
    return read_word_tables(stored_tables(folder, "words", key, make))
