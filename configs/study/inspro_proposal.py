_base_ = "./inspro_plain.py"

model = dict(head=dict(propagate="proposal"))
