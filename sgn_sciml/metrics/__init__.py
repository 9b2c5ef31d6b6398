"""Metrics of fields: device-resident, exact under any batch size and under DDP."""

from sgn_sciml.metrics.burgers import BurgersDefect
from sgn_sciml.metrics.conformal import Bands, ConformalBand
from sgn_sciml.metrics.darcy import DarcyResidual
from sgn_sciml.metrics.field import MaxError, RelativeH1, RelativeL2, relative_h1, relative_l2
from sgn_sciml.metrics.pdebench import PDEBenchErrors
from sgn_sciml.metrics.physics import Conservation
from sgn_sciml.metrics.rings import RingCorrelation, Rings, resolved, ring_correlation
from sgn_sciml.metrics.samples import VRMSE, SampleErrors, vrmse
from sgn_sciml.metrics.scores import conformal_quantile
from sgn_sciml.metrics.signal_to_noise import PSNR, SISNR, SNR
from sgn_sciml.metrics.similarity import MSSSIM, SSIM
from sgn_sciml.metrics.sound import BandError, LogSpectralDistance
from sgn_sciml.metrics.spectral import Extension, SpectralError, Spectrum, shell_energy
from sgn_sciml.metrics.strips import StripSSIM, TileSpectralError
from sgn_sciml.metrics.surfaces import ChamferDistance, NormalConsistency, VolumeIoU

__all__ = [
    "MSSSIM",
    "PSNR",
    "SISNR",
    "SNR",
    "SSIM",
    "VRMSE",
    "BandError",
    "Bands",
    "BurgersDefect",
    "ChamferDistance",
    "ConformalBand",
    "Conservation",
    "DarcyResidual",
    "Extension",
    "LogSpectralDistance",
    "MaxError",
    "NormalConsistency",
    "PDEBenchErrors",
    "RelativeH1",
    "RelativeL2",
    "RingCorrelation",
    "Rings",
    "SampleErrors",
    "SpectralError",
    "Spectrum",
    "StripSSIM",
    "TileSpectralError",
    "VolumeIoU",
    "conformal_quantile",
    "relative_h1",
    "relative_l2",
    "resolved",
    "ring_correlation",
    "shell_energy",
    "vrmse",
]
