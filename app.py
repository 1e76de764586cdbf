"""The entry point for everyone, a Space included."""

import sys

from lavic_chat.chat import serve_chat
from lavic_chat.errors import LavicError
from lavic_chat.settings import read_settings

if __name__ == "__main__":
    try:
        serve_chat(read_settings())
    except LavicError as error:
        sys.exit(f"lavic-chat: {error}")
