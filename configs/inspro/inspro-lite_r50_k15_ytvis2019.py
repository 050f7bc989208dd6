_base_ = "./inspro-lite_r50_k10_ytvis2019.py"

model = dict(key_interval=15)
