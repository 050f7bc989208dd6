_base_ = [
    "../_base_/models/efficientvis_lite0.py",
    "../_base_/datasets/davis_2016.py",
    "../_base_/schedules/light_16e.py",
    "../_base_/ema_runtime.py",
]

# the videos alone, from the backbone's weights of ImageNet; samples of two clips for correspondence learning. Windows
# are larger than the proposals, which otherwise cut off parts of objects in videos that were not trained on
model = dict(head=dict(context=1.5))
train_dataloader = dict(
    batch_size=2, sampler=dict(repeat=10), dataset=dict(clips=dict(clip_len=3, num_clips=2, stride=(1, 4)))
)
optim_wrapper = dict(optimizer=dict(_delete_=True, type="MuonAdamW", lr=1.2e-3, weight_decay=0.01))
