_base_ = "./inspro_r50_bank1_ytvis2019.py"

model = dict(type="InsProTrackAndDetect")
