"""Checks: what is amiss with a catalogue, its pictures, words, splits and dialogues."""
