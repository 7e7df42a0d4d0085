"""How well the built-in packs match: labelled items, what `concordat match` says of them, and the figures of that.

`labels` reads the items, `scoring` compares, `report` prints; `python -m bench.quality` is all three.
"""
