"""Running a measure of an equation."""


def run(metric, pred, target, start):
    """Its values for the prediction and the truth."""
    metric.update(pred, target, start)
    pred, target = (value.item() for value in metric.compute().values())
    return pred, target
