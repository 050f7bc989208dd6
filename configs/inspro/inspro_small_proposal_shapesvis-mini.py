_base_ = "./inspro_small_plain_shapesvis-mini.py"

model = dict(head=dict(propagate="proposal"))
