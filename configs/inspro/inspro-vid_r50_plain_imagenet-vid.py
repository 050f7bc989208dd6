_base_ = [
    "../_base_/models/inspro_r50.py",
    "../_base_/datasets/imagenet_vid.py",
    "../_base_/schedules/adamw_90k.py",
    "../_base_/iter_runtime.py",
]

# boxes without masks; neither box deduplication nor intra-query attention
model = dict(loss_weights=dict(dedup=0), head=dict(num_classes=30, mask_branch=None, bank_length=1))
