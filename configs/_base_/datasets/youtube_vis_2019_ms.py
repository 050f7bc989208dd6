_base_ = ["./youtube_vis_2019.py", "./three_frames.py"]

# multi-scale training: the frames of a clip are resized to a short side that is drawn at random
load, pack = _base_.train_dataloader.dataset.pipeline
train_dataloader = dict(
    dataset=dict(pipeline=[dict(load, transforms=[*load.transforms[:2], _base_.multi_scale]), pack])
)
del load, pack
