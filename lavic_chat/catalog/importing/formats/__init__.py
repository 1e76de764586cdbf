"""The formats that a catalogue is imported from, one file each; `importers.READERS` names them by suffix."""
