"""The experiments that are shipped: a class each, of which a study makes a grid."""
