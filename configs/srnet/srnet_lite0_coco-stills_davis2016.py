_base_ = [
    "../_base_/models/srnet_lite0.py",
    "../_base_/datasets/davis_2016_stills.py",
    "../_base_/schedules/light_12e.py",
    "../_base_/ema_runtime.py",
]

# the second stage, from the weights of srnet_lite0_coco-stills; a person and what he rides on are two objects in the
# stills and one object in the videos
model = dict(first_frame=0.1)
train_dataloader = dict(sampler=dict(repeat=12), dataset=dict(ratio=dict(videos=3, images=1)))
