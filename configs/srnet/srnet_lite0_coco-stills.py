_base_ = [
    "../_base_/models/srnet_lite0.py",
    "../_base_/datasets/coco_stills_object.py",
    "../_base_/schedules/light_8e.py",
    "../_base_/ema_runtime.py",
]

# the first of two stages: moving stills
model = dict(first_frame=0.1)
