"""How people talk about furniture: the wording banks and the grammar that make dialogues out of attributes.

In the order of use: `colours`, `materials` and `kinds` are the vocabulary; `looks` says what a product looks like
and whether it fulfils a wish; `voice` is who speaks; `wording` puts a wish into words; `phrases` and `replies` are
everything around it; `scenes` are the turns; `candidates` chooses the ten products.
"""
