_base_ = [
    "../_base_/models/srnet_small.py",
    "./_base_/davis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# no pairs made of images, but twice as many of each video
train_dataloader = dict(
    batch_size=8,
    sampler=dict(repeat=6),
    dataset=dict(_base_.train_dataloader.dataset.datasets.videos, _delete_=True),
)
