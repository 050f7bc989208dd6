_base_ = [
    "../_base_/models/efficientvis_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# multi-scale training: a short side of 80, 96 or 112 pixels, drawn for each clip
model = dict(clip_len=16)
load, pack = _base_.train_dataloader.dataset.pipeline
resize = dict(
    type="mmdet.RandomChoiceResize",
    scales=[(128, 96), (107, 80), (149, 112)],
    keep_ratio=True,
    resize_type="mmdet.Resize",
)
train_dataloader = dict(
    batch_size=1,
    dataset=dict(
        clips=dict(clip_len=16, num_clips=1),
        pipeline=[dict(load, transforms=[*load.transforms[:2], resize, *load.transforms[3:]]), pack],
    ),
)
del load, pack, resize
