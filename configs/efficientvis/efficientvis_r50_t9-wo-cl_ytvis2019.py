_base_ = "./efficientvis_r50_t9_ytvis2019.py"

train_dataloader = dict(dataset=dict(clips=dict(num_clips=1)))
