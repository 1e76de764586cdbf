"""Benchmarks: many shoppers at once, and the 7B at full size."""
