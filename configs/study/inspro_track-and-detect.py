_base_ = [
    "./_base_/inspro.py",
    "./_base_/three_frames.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# separate queries for tracks and for new objects. MOTR's thresholds of 0.7 and 0.6 are for models that have learned
# much longer; few scores are as high here
model = dict(type="InsProTrackAndDetect", birth_score=0.2, keep_score=0.1, head=dict(bank_length=1))
