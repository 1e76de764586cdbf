"""What several tests share: drawn catalogues, stand-ins, tiny random models."""
