_base_ = "./youtube_vis_2019.py"

data_root = "data/youtube_vis_2021/"
coco_class_map = "coco_to_youtube_vis_2021"

train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file="train/instances.json", data_prefix=dict(img_path="train/JPEGImages"))
)
val_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file="valid/instances.json", data_prefix=dict(img_path="valid/JPEGImages"))
)
test_dataloader = val_dataloader
