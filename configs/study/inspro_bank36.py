_base_ = "./inspro.py"

# only for tests: training's three frames fill no bank, so the weights are those of inspro
model = dict(head=dict(bank_length=36))
