"""Evaluation: rankers over dialogue files, and the metrics of the paper with intervals."""
