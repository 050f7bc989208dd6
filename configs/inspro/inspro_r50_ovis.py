_base_ = [
    "../_base_/models/inspro_r50.py",
    "../_base_/datasets/ovis_3frames.py",
    "../_base_/schedules/adamw_32k.py",
    "../_base_/iter_runtime.py",
]

model = dict(head=dict(num_classes=25))
