"""How the home catalogue is made: fetch the free furniture library, render it, recolour it, write the records."""
