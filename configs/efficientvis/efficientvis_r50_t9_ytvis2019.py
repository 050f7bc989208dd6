_base_ = "./efficientvis_r50_ytvis2019.py"

model = dict(clip_len=9)
train_dataloader = dict(dataset=dict(clips=dict(clip_len=9, num_clips=2)))
