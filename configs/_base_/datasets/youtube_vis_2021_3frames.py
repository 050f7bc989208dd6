_base_ = ["./youtube_vis_2021.py", "./three_frames.py"]

train_dataloader = dict(dataset=_base_.three_frames)
