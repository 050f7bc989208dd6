_base_ = "./inspro_r50_ytvis2019.py"

# phase two: the one-stage head, on three key frames and two others; all else comes from phase one and is frozen
model = dict(type="InsProLite", key_interval=10)
train_dataloader = dict(dataset=dict(clips=dict(clip_len=5)))
load_from = "work_dirs/inspro_r50_ytvis2019/iter_32000.pth"
