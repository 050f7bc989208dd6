_base_ = [
    "../_base_/models/inspro_r50.py",
    "../_base_/datasets/youtube_vis_2019_coco.py",
    "../_base_/schedules/adamw_32k.py",
    "../_base_/iter_runtime.py",
]
