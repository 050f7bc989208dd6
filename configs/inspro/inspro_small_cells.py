_base_ = [
    "../_base_/models/inspro_small.py",
    "../_base_/datasets/cell_tracking.py",
    "../_base_/schedules/small_24e.py",
    "../_base_/default_runtime.py",
]

# cells under the microscope; three consecutive frames, and more queries than a frame has cells
model = dict(head=dict(num_classes=1, num_queries=40))
train_dataloader = dict(dataset=dict(clips=dict(clip_len=3)))
