_base_ = [
    "../_base_/models/inspro_r50.py",
    "../_base_/datasets/youtube_vis_2019_3frames.py",
    "../_base_/schedules/adamw_32k.py",
    "../_base_/iter_runtime.py",
]

# the second phase: only the one-stage head learns, from three key frames and two other frames; all other weights are
# those of inspro_r50_ytvis2019 and do not change
model = dict(type="InsProLite", key_interval=10)
train_dataloader = dict(dataset=dict(clips=dict(clip_len=5)))
start = None
load_from = "work_dirs/inspro_r50_ytvis2019/iter_32000.pth"
