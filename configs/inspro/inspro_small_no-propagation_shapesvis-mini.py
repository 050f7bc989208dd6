_base_ = "./inspro_small_plain_shapesvis-mini.py"

# slots are linked by their index alone
model = dict(consistent=False, head=dict(propagate="none"))
