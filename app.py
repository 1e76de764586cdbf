"""The entry point for everyone, a Space included."""

import os
import sys

from lavic_chat.serving.zero_gpu import find_lender

lend = find_lender()  # before anything brings torch

from lavic_chat.errors import LavicError  # noqa: E402
from lavic_chat.serving.app import serve_chat  # noqa: E402
from lavic_chat.settings import read_settings  # noqa: E402

if __name__ == "__main__":
    if os.environ.get("SPACE_ID"):  # all visitors of a Space come through its proxy
        os.environ.setdefault("LAVIC_CLIENT_HEADER", "X-Forwarded-For")
    try:
        serve_chat(read_settings(), lend)
    except LavicError as error:
        sys.exit(f"lavic-chat: {error}")
