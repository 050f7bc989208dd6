_base_ = [
    "../_base_/models/inspro_small.py",
    "./_base_/vid.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# every frame is matched anew; neither box deduplication nor intra-query attention
model = dict(consistent=False, loss_weights=dict(dedup=0), head=dict(mask_branch=None, bank_length=1))
train_dataloader = dict(batch_size=4, dataset=dict(clips=dict(clip_len=3, num_clips=1, scattered=True)))
