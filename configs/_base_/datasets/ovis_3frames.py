_base_ = ["./ovis.py", "./three_frames.py"]

train_dataloader = dict(dataset=_base_.three_frames)
