"""Sounds from files, the clips of this repository, and two made by a formula."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sgn_sciml.inr.description import Signal
from sgn_sciml.inr.files.sound_headers import frames_of_aiff, refuse_cut_short
from sgn_sciml.inr.signals import SignalData
from sgn_sciml.system.shipped import find_data

__all__ = ["AudioData", "read_audio"]

CLIPS = ("speech", "guitar", "hiss")
FOLDER = Path("data/small/audio")
MADE_RATE = 16000
SEEKABLE = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW")  # each sample by itself
BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24}  # 32 bits round to 1


def tones(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosines of 100, 400, 1600 and 6400 Hz, equally loud, at times in seconds."""
    total: NDArray[np.float64] = np.cos(2 * np.pi * np.outer((100, 400, 1600, 6400), t)).sum(0)
    return 0.2 * total


def chirp(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """A cosine that rises evenly from 50 to 7050 Hz within a second, at times in seconds."""
    wave: NDArray[np.float64] = np.cos(2 * np.pi * (50 * t + 3500 * t**2))
    return 0.8 * wave


MADE = {"tones": tones, "chirp": chirp}


def read_audio(
    path: str, start: float = 0.0, seconds: float | None = None
) -> tuple[NDArray[np.float32], int]:
    """A sound, full scale being [-1, 1]; only the part asked for is read.

    Args:
        path: wav, flac or another format of libsndfile; or a clip: speech, guitar, hiss, tones,
            chirp.
        start: Where to begin, in seconds.
        seconds: How much to take; None for all that follows.

    Returns:
        Samples, shape ``(channels, n)``, and the samples per second. Files of floating-point
        numbers may go beyond full scale.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a sound, is cut short, holds NaN, or does not reach over the part.
    """
    import soundfile

    if _is_made(path):
        times = (np.arange(MADE_RATE) + 0.5) / MADE_RATE  # a cosine then mirrors without a kink
        samples = MADE[path](times)[None].astype(np.float32)
        first, count = _part(path, MADE_RATE, MADE_RATE, start, seconds)
        return samples[:, first : first + count], MADE_RATE
    try:
        name = _find(path)
        with soundfile.SoundFile(name) as file:
            rate = file.samplerate
            refuse_cut_short(path, name)
            _check_length(path, file, frames_of_aiff(name))
            first, count = _part(path, file.frames, rate, start, seconds)
            samples = _read_part(file, first, count)
    except (soundfile.SoundFileError, TypeError) as error:  # TypeError: raw, without a header
        raise ValueError(
            f"{path} cannot be read as a sound ({error}): give a whole wav or flac file"
        ) from error
    if samples.shape[1] < count:
        raise ValueError(f"{path} is cut short: get the whole file")
    if not np.isfinite(samples).all():
        raise ValueError(f"{path} holds NaN or infinite samples: repair them first")
    return np.ascontiguousarray(samples), rate


def _is_made(path: str) -> bool:
    return path in MADE and not Path(path).exists()


def _find(path: str) -> Path:
    """The file of a path or of a clip's name."""
    name = find_data(path)
    if path in CLIPS and not name.exists():
        name = find_data(FOLDER / f"{path}.wav")
    if name.is_dir():
        raise ValueError(f"{path} is a folder, not a sound")
    if not name.is_file():
        raise FileNotFoundError(
            f"no sound {path}; give a wav or flac file, or one of {', '.join((*CLIPS, *MADE))}"
        )
    return name


def _read_part(file: Any, first: int, count: int) -> NDArray[np.float32]:
    """Samples of a file that has just been opened, shape ``(channels, n)``.

    A decoder whose state depends on what was before, of MP3, Vorbis, Opus and most of ADPCM, gives
    other samples where it begins anew. So all before the part is read with it, in one call:
    soundfile seeks after each.
    """
    skipped = 0
    if file.subtype.startswith(SEEKABLE) and file.seekable():
        file.seek(first)
    else:
        skipped = first
    found: NDArray[np.float32] = file.read(skipped + count, dtype="float32", always_2d=True)
    return found[skipped:].T


def _check_length(path: str, file: Any, counted: int | None) -> None:
    """Refuse a file without samples, or one that does not tell how many it has, or tells two."""
    if file.subtype == "ALAC_32":  # noise of one channel comes out as other noise
        raise ValueError(f"{path} is ALAC of 32 bit, which libsndfile misreads: convert it to wav")
    if counted is not None and counted != file.frames and file.subtype.startswith(SEEKABLE):
        raise ValueError(
            f"{path} counts {counted} samples of each channel and holds {file.frames}: "
            "convert it to wav"
        )
    if file.frames == 0:
        raise ValueError(f"{path} holds no samples")
    if file.frames >= 2**40:  # flac from a pipe
        raise ValueError(f"{path} does not tell its length: convert it to wav")


def _part(
    path: str, frames: int, rate: int, start: float, seconds: float | None
) -> tuple[int, int]:
    """First sample and number of samples of a part."""
    first = round(start * rate)
    count = frames - first if seconds is None else round(seconds * rate)
    if not 0 <= first < frames or not 1 <= count <= frames - first:
        asked = "to its end" if seconds is None else f"for {seconds:g} s"
        raise ValueError(
            f"{path} lasts {frames / rate:.4g} s, so it cannot be read from {start:g} s {asked}"
        )
    return first, count


def full_scale(path: str) -> float:
    """The largest value that a file can hold: that of integers is a step short of 1."""
    import soundfile

    bits = None if _is_made(path) else BITS.get(soundfile.info(_find(path)).subtype)
    return 1.0 if bits is None else 1 - 2.0 ** (1 - bits)


def resample(samples: NDArray[np.float32], old: int, new: int) -> NDArray[np.float32]:
    """Another sampling rate, through a linear-phase low-pass filter at the lower Nyquist.

    Args:
        samples: Shape ``(channels, n)``.
        old: Samples per second.
        new: Samples per second to get.

    Returns:
        Shape ``(channels, ceil(n new / old))``.
    """
    from scipy.signal import resample_poly

    factor = math.gcd(old, new)
    found = resample_poly(samples.astype(np.float64), new // factor, old // factor, axis=1)
    return np.asarray(found, dtype=np.float32)


class AudioData(SignalData):
    """A sound.

    Args:
        path: wav or flac (8 to 32 bit or floating point, any rate, any channels) or another
            format of libsndfile; or a clip: speech, guitar and hiss, files of this repository;
            tones and chirp, a second of known waves.
        start: Where to begin, in seconds.
        seconds: How much to take; None for all that follows.
        rate: Samples per second to resample to; None keeps the file's.
        mono: Take the mean of the channels.
        normalize: Divide by the largest size of a sample, so that it becomes 1.
        kwargs: Options of :class:`SignalData`; ``scale`` renders at another sampling rate.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a sound, is silent, goes beyond [-1, 1] without ``normalize``, or
            a number is out of range.
    """

    def __init__(
        self,
        path: str = "speech",
        start: float = 0.0,
        seconds: float | None = None,
        rate: int | None = None,
        mono: bool = False,
        normalize: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 <= start < math.inf:
            raise ValueError(f"start must be 0 or more seconds, got {start:g}")
        if seconds is not None and not 0 < seconds < math.inf:
            raise ValueError(f"seconds must be positive, got {seconds:g}")
        if rate is not None and rate < 1:
            raise ValueError(f"rate must be at least 1 sample per second, got {rate}")
        self.path = path
        self.start = start
        self.seconds = seconds
        self.rate = rate
        self.mono = mono
        self.normalize = normalize

    def load(self) -> Signal:
        """Read the part, mix, resample and normalise it."""
        samples, recorded = read_audio(self.path, self.start, self.seconds)
        loud = int((np.abs(samples) >= full_scale(self.path)).sum())
        rate = self.rate or recorded
        if self.mono:
            samples = samples.mean(0, keepdims=True)
        peak = float(np.abs(samples).max())
        if peak > 1 and not self.normalize:
            raise ValueError(
                f"{self.path} goes up to {peak:.6g}, beyond [-1, 1]: set normalize to true"
            )
        if rate != recorded:
            samples = resample(samples, recorded, rate)
            peak = float(np.abs(samples).max())
        if peak == 0:
            raise ValueError(f"the part taken of {self.path} is silent: there is nothing to learn")
        facts: dict[str, Any] = {
            "name": Path(self.path).stem,
            "rate": rate,
            "recorded_rate": recorded,
            "start": self.start,
            "seconds": samples.shape[1] / rate,
            "samples_at_full_scale": loud,
        }
        if not _is_made(self.path):
            facts["path"] = str(_find(self.path))
        if self.normalize:
            samples = samples / peak
            facts["divided_by"] = peak
        # Resampling overshoots where the sound is clipped.
        values = torch.from_numpy(samples.clip(-1, 1)).float()
        peak = float(values.abs().max())
        return Signal(
            values, "audio", -1.0, 1.0, ("t",), float(rate), bounds=(-peak, peak), facts=facts
        )
