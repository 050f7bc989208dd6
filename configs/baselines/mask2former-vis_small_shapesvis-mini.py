_base_ = [
    "../_base_/models/mask2former_vis_small.py",
    "../_base_/datasets/shapes_vis_mini.py",
    "../_base_/schedules/small_pairs_20e.py",
    "../_base_/default_runtime.py",
]

# pairs of frames
train_dataloader = dict(
    batch_size=4, sampler=dict(repeat=4), dataset=dict(clips=dict(clip_len=2, num_clips=1, scattered=True))
)

# a transformer that learns from scratch takes smaller steps than convolutions
slowly = dict(lr_mult=0.3)
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={"track_head.pixel_decoder": slowly, "track_head.transformer_decoder": slowly})
)
del slowly
