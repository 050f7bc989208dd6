_base_ = "./inspro.py"

# separate queries for tracks and for new objects
model = dict(type="InsProTrackAndDetect", head=dict(bank_length=1))
