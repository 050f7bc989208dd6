_base_ = [
    "../_base_/models/vistr_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule_from_scratch.py",
    "./_base_/runtime.py",
]

# clips as long as those of efficientvis
model = dict(clip_len=16)
train_dataloader = dict(batch_size=1, dataset=dict(clips=dict(clip_len=16, num_clips=1)))
# a transformer that learns from scratch takes smaller steps than convolutions
slowly = dict(lr_mult=0.3)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={"head.encoder": slowly, "head.decoder": slowly}))
del slowly
