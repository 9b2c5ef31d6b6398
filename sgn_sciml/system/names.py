"""The name and version of the package, and where the names at its top are."""

__all__ = ["HOMES", "__version__"]

__version__ = "0.2.0"

HOMES = {
    "INR": "inr",
    "PINN": "pinn",
    "Collocation": "pinn",
    "CoordinateMLP": "networks",
    "ImageData": "inr",
    "Operator": "operators",
    "OperatorData": "operators",
    "SpectralGate": "layers",
    "inject": "networks",
    "open_source": "layouts",
    "solve": "local_solver",
}
