"""How people talk about furniture: the wording banks and the grammar that make dialogues out of attributes.

In the order of use: `colours`, `materials` and `kinds` are the vocabulary; `looks` says what a product looks like and
`wishes` whether it fulfils a wish; `story` is what a conversation is about, drawn by `wanting` (the wishes) and
`stories` (what happens on the way); `voice` is who speaks; `nouns` and `wording` put things and wishes into words,
`requests` the first message, `scenes` all turns; `retrieval` ranks and `candidates` chooses the ten products;
`measures` tells what came out.
"""
