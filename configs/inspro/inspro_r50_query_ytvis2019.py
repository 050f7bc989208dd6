_base_ = "./inspro_r50_plain_ytvis2019.py"

model = dict(head=dict(propagate="query"))
