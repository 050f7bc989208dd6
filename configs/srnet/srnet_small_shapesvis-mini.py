_base_ = [
    "../_base_/models/srnet_small.py",
    "../_base_/datasets/shapes_vis_mini_stills.py",
    "../_base_/schedules/small_pairs_20e.py",
    "../_base_/default_runtime.py",
]

# video instance segmentation
model = dict(head=dict(num_classes=5), score_reduction="length_weighted")
train_dataloader = dict(batch_size=8, sampler=dict(repeat=4))
