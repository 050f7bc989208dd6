_base_ = "./inspro_small_shapesvis-mini.py"

# neither box deduplication nor intra-query attention
model = dict(loss_weights=dict(dedup=0), head=dict(bank_length=1))
