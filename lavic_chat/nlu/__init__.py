"""What a shopper's newest turn asks for: one `Intent` a turn, read from its words. Knows no model."""
