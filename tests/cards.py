"""Numbers of a tested run, as its card has them."""

FIRST = {
    "test/relative_l2": 0.02,
    "test/relative_l2/median": 0.015,
    "test/relative_l2/p95": 0.04,
    "test/relative_l2/max": 0.09,
    "test/relative_h1": 0.05,
    "test/vrmse": 0.021,
    "test/pdebench/rmse": 0.0111,
    "test/pdebench/nrmse": 0.0222,
    "test/pdebench/max": 0.333,
    "test/pdebench/frmse_low": 0.00123,
    "test/spectral_error/low": 1e-3,
    "test/spectral_error/low_relative": 2e-3,
    "test/conformal/coverage": 0.91,
    "test/conformal/width": 0.0456,
    "test/physics/burgers_defect/prediction": 3.3e-2,
    "test/physics/burgers_defect/target": 1.1e-4,
    "test/rollout/10": 0.3,
    "test/rollout/2": 0.1,
    "test/something/new": 0.777,
}
FURTHER = {
    "test/burgers@512/relative_l2": 0.03,
    "test/burgers@512/relative_l2/p95": 0.06,
    "test/burgers@512/beyond_training_nyquist": 0.005,
    "test/burgers@16/relative_l2": 0.2,
}
