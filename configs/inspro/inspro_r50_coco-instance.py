_base_ = [
    "../_base_/models/inspro_r50.py",
    "../_base_/datasets/coco_instance.py",
    "../_base_/schedules/adamw_36e.py",
    "../_base_/default_runtime.py",
]

# single images: the same head, which hands nothing on to a next frame; COCO takes the 100 best detections of an image,
# whatever their scores; it learns COCO itself, from the backbone alone
start = None
model = dict(head=dict(num_classes=80, bank_length=1), visible_thr=0.0)
