_base_ = [
    "./_base_/inspro.py",
    "./_base_/three_frames.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# separate queries for tracks and for new objects
model = dict(type="InsProTrackAndDetect", head=dict(bank_length=1))
