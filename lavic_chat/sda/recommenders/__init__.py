"""Recommenders over frozen features, one a file: `popularity`, `item_knn`, `bpr` know interactions alone; `vbpr`,
`slmrec`, `sasrec` and `bert4rec` know features, too."""
