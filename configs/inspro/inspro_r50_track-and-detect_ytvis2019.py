_base_ = "./inspro_r50_ytvis2019.py"

# separate queries for tracks and for new objects; no intra-query attention
model = dict(type="InsProTrackAndDetect", head=dict(bank_length=1))
