_base_ = [
    "../_base_/models/inspro_r50.py",
    "../_base_/datasets/imagenet_vid.py",
    "../_base_/schedules/adamw_90k.py",
    "../_base_/iter_runtime.py",
]

# boxes without masks
start = dict(masks=None)
model = dict(head=dict(num_classes=30, mask_branch=None))
