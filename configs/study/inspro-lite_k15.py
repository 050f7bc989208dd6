_base_ = "./inspro-lite.py"

# only for tests: training does not know the interval, so the weights are those of inspro-lite
model = dict(key_interval=15)
