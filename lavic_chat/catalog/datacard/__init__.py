"""The data card: counts, plots and contact sheets of a catalogue."""
