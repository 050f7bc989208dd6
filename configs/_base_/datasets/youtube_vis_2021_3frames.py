_base_ = ["./youtube_vis_2021.py", "./three_frames.py"]

train_dataloader = dict(sampler=dict(endless=True), dataset=_base_.three_frames)
