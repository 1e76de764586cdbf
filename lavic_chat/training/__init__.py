"""Training stages: align (projector, LLM frozen) and tune (LoRA on the LLM, vision frozen)."""
