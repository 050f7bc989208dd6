_base_ = "./efficientvis_r50_ytvis2019.py"

model = dict(clip_len=18)
train_dataloader = dict(dataset=dict(clips=dict(clip_len=18, num_clips=2)))
