"""`python -m lavic_chat COMMAND`: the command line without its console script."""

from lavic_chat.cli import main

if __name__ == "__main__":
    main(prog_name="lavic-chat")
