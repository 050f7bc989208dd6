_base_ = [
    "./_base_/srnet.py",
    "./_base_/davis.py",
    "./_base_/schedule_from_scratch.py",
    "./_base_/runtime.py",
]

# no pairs made of images; the batch has pairs of the videos alone
train_dataloader = dict(
    dataset=dict(_base_.train_dataloader.dataset.datasets.videos, _delete_=True),
)
