_base_ = [
    "./_base_/inspro.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule_of_starts.py",
    "./_base_/runtime.py",
]

# single frames: the weights that all runs of InsPro start from, in place of COCO's
model = dict(head=dict(bank_length=1))
train_dataloader = dict(batch_size=16, dataset=dict(clips=dict(clip_len=1, num_clips=1)))
