_base_ = [
    "../_base_/models/efficientvis_r50.py",
    "../_base_/datasets/youtube_vis_2019_ms.py",
    "../_base_/schedules/adamw_33e.py",
    "../_base_/default_runtime.py",
]
