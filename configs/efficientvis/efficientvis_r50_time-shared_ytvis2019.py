_base_ = "./efficientvis_r50_ytvis2019.py"

model = dict(head=dict(time_shared=True))
