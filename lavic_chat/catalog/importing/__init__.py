"""Importing: other people's files made into a catalogue folder, and pictures fetched."""
