_base_ = "./inspro_plain.py"

model = dict(consistent=False, head=dict(propagate="none"))
