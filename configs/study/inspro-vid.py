_base_ = [
    "../_base_/models/inspro_small.py",
    "./_base_/vid.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# boxes without masks
model = dict(head=dict(mask_branch=None))
train_dataloader = dict(batch_size=4, dataset=dict(clips=dict(clip_len=3, num_clips=1, scattered=True)))
