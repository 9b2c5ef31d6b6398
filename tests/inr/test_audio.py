import shutil

import numpy as np
import pytest
import soundfile
import torch

from sgn_sciml.inr import audio
from sgn_sciml.inr.audio import CLIPS, MADE, AudioData, read_audio, resample
from sgn_sciml.system import shipped
from tests.conftest import ROOT

RATE = 8000


@pytest.fixture
def sound(tmp_path):
    """Write a file; returns its path."""

    def write(samples, name="sound.wav", rate=RATE, **kwargs):
        path = tmp_path / name
        soundfile.write(path, np.asarray(samples), rate, **kwargs)
        return str(path)

    return write


def loaded(path, **kwargs):
    data = AudioData(path, **kwargs)
    data.setup("fit")
    return data.description


def tone(frequency, n, rate=RATE, size=0.5):
    return size * np.sin(2 * np.pi * frequency * np.arange(n) / rate)


# -- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "subtype", "bits"),
    [
        ("s.wav", "PCM_U8", 8),
        ("s.wav", "PCM_16", 16),
        ("s.wav", "PCM_24", 24),
        ("s.wav", "PCM_32", 24),  # float32 holds no more
        ("s.wav", "FLOAT", 24),
        ("s.wav", "DOUBLE", 24),
        ("s.flac", "PCM_16", 16),
        ("s.flac", "PCM_24", 24),
    ],
)
def test_a_file_is_read_back_to_its_precision(sound, name, subtype, bits):
    stereo = np.random.default_rng(0).uniform(-0.99, 0.99, (300, 2))
    samples, rate = read_audio(sound(stereo, name, rate=11025, subtype=subtype))
    assert rate == 11025
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, stereo.T, rtol=0, atol=2.0 ** (1 - bits))


def test_a_part_is_cut_out(sound):
    ramp = np.linspace(-0.5, 0.5, 800)
    path = sound(ramp, subtype="FLOAT")
    samples, _ = read_audio(path, start=0.025, seconds=0.05)
    np.testing.assert_allclose(samples[0], ramp[200:600], rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("WAV", "IMA_ADPCM"), ("FLAC", "PCM_16")],
)
def test_a_part_is_that_of_the_whole_however_it_is_coded(kind, subtype, sound):
    wave = tone(440, 32000, 16000) + tone(3100, 32000, 16000, 0.2)
    path = sound(wave, f"sound.{kind.lower()}", 16000, format=kind, subtype=subtype)
    whole, _ = read_audio(path)
    for start in (0.05, 0.31, 0.87):
        first = round(start * 16000)
        part, _ = read_audio(path, start, 0.2)
        np.testing.assert_allclose(part, whole[:, first : first + 3200], atol=1e-5)


def test_a_part_may_reach_to_the_end(sound):
    samples, _ = read_audio(sound(tone(440, 800)), start=0.025)
    assert samples.shape == (1, 600)


def test_a_signal_knows_its_rate_and_range(sound):
    signal = loaded(sound(np.stack([tone(440, 800), tone(660, 800)], 1)))
    assert (signal.kind, signal.low, signal.high, signal.rate) == ("audio", -1, 1, RATE)
    assert signal.values.shape == (2, 800)
    assert signal.facts["seconds"] == 0.1


def test_a_quiet_sound_is_no_smaller_to_a_network(sound):
    loud, quiet = (loaded(sound(a * tone(440, 800), subtype="FLOAT")) for a in (0.5, 0.01))
    assert torch.allclose(quiet.scaled, loud.scaled, atol=1e-5)
    assert quiet.scaled.abs().max() == pytest.approx(1)
    assert (quiet.low, quiet.high) == (-1, 1)  # its errors are measured against full scale


# -- clips -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CLIPS, *MADE])
def test_clips_are_found_from_any_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    signal = loaded(name)
    assert signal.facts["name"] == name
    assert 0.05 < signal.values.abs().max() < 1


def test_a_clip_of_the_working_folder_is_named_by_a_relative_path(tmp_path, monkeypatch):
    folder = tmp_path / audio.FOLDER
    folder.mkdir(parents=True)
    shutil.copy(ROOT / audio.FOLDER / "hiss.wav", folder)
    monkeypatch.chdir(tmp_path)
    assert loaded("hiss").facts["path"] == str(audio.FOLDER / "hiss.wav")


def test_a_file_of_a_clips_name_goes_first(sound, tmp_path, monkeypatch):
    sound(tone(440, 100), "speech", format="WAV")
    monkeypatch.chdir(tmp_path)
    assert loaded("speech").grid == (100,)


def test_a_shipped_sound_is_found_by_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert loaded("data/small/audio/hiss.wav").facts["path"] == str(
        ROOT / audio.FOLDER / "hiss.wav"
    )


def test_a_clip_that_is_missing_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shipped, "root", lambda: tmp_path)
    with pytest.raises(FileNotFoundError, match="no sound speech; give a wav"):
        loaded("speech")


def test_tones_are_single_waves_of_the_cosine_transform():
    from scipy.fft import dct

    energy = dct(loaded("tones").values[0].double().numpy(), norm="ortho") ** 2
    waves = [200, 800, 3200, 12800]  # half waves in a second
    assert energy[waves].sum() == pytest.approx(energy.sum(), rel=1e-6)
    np.testing.assert_allclose(energy[waves], 0.2**2 / 2 * 16000, rtol=1e-5)


def test_the_chirp_rises_evenly():
    samples, rate = read_audio("chirp")
    crossings = np.flatnonzero(np.diff(np.sign(samples[0]))) / rate
    for begin in (0.2, 0.6):
        count = ((crossings >= begin) & (crossings < begin + 0.2)).sum()
        middle = 50 + 7000 * (begin + 0.1)
        assert count == pytest.approx(2 * middle * 0.2, abs=1.1)


# -- options ---------------------------------------------------------------------------------


def test_mono_is_the_mean_of_the_channels(sound):
    both = np.stack([tone(440, 800), tone(660, 800)], 1)
    path = sound(both, subtype="FLOAT")
    np.testing.assert_allclose(loaded(path, mono=True).values[0], both.mean(1), atol=1e-7)


def test_resampling_keeps_a_tone_below_nyquist():
    found = resample(tone(440, RATE)[None], RATE, 6000)[0]
    middle = slice(1000, 5000)
    np.testing.assert_allclose(found[middle], tone(440, 6000, 6000)[middle], atol=1e-3)


def test_resampling_removes_what_lies_above_nyquist():
    found = resample(tone(3500, RATE)[None], RATE, 4000)[0]
    assert np.abs(found[500:-500]).max() < 1e-3


def test_a_resampled_signal_tells_both_rates(sound):
    signal = loaded(sound(tone(440, 800)), rate=6000)
    assert (signal.rate, signal.grid) == (6000, (600,))
    assert (signal.facts["rate"], signal.facts["recorded_rate"]) == (6000, RATE)


def test_normalising_divides_by_the_peak(sound):
    samples = np.array([0.1, -0.4, 0.2])
    signal = loaded(sound(samples, subtype="FLOAT"), normalize=True)
    np.testing.assert_allclose(signal.values[0], samples / 0.4, rtol=1e-6)
    assert signal.facts["divided_by"] == pytest.approx(0.4)


def test_samples_beyond_full_scale_are_usable_when_normalised(sound):
    path = sound([0.5, -2.0, 1.0], subtype="FLOAT")
    assert loaded(path, normalize=True).values.tolist() == [[0.25, -1.0, 0.5]]


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"])
def test_clipped_samples_are_counted(sound, subtype):
    clipped = np.clip(tone(100, 800, size=1.5), -1, 1)
    about = loaded(sound(clipped, subtype=subtype)).facts
    assert about["samples_at_full_scale"] == (np.abs(clipped) == 1).sum() > 100


def test_resampling_a_clipped_sound_stays_in_range(sound):
    square = np.sign(tone(100, 800) + 1e-9)
    assert loaded(sound(square), rate=16000).values.abs().max() == 1


def test_a_prediction_renders_at_another_rate(sound):
    data = AudioData(sound(tone(440, 800)), scale=2.0)
    data.setup("predict")
    (batch,) = data.predict_dataloader()
    assert batch["axis0"].shape == (1600,)


# -- bad input -------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"RIFF", b"a text and no sound" * 9])
@pytest.mark.parametrize("name", ["s.wav", "s.flac", "s.raw"])
def test_what_is_no_sound_is_refused(content, name, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read as a sound"):
        loaded(str(tmp_path / name))


def test_a_coding_that_is_misread_is_named(sound):
    with pytest.raises(ValueError, match="ALAC of 32 bit"):
        loaded(sound(tone(440, 800), "s.caf", subtype="ALAC_32"))


@pytest.mark.parametrize("name", [f"s.{n}" for n in ("wav", "flac", "ogg", "mp3", "aiff", "caf")])
@pytest.mark.parametrize("missing", [1, 500])
def test_a_file_that_is_cut_short_is_refused(sound, name, missing, tmp_path):
    path = sound(np.random.default_rng(0).uniform(-0.5, 0.5, 5000), name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-missing])
    with pytest.raises(ValueError, match=r"get the whole file|give a whole wav"):
        loaded(path)


def test_a_streamed_file_without_its_length_is_read(sound, tmp_path):
    path = sound(tone(440, 800))
    content = bytearray((tmp_path / "sound.wav").read_bytes())
    content[40:44] = b"\xff" * 4  # the size of the samples
    (tmp_path / "sound.wav").write_bytes(content)
    assert loaded(path).grid == (800,)


def test_flac_that_does_not_tell_its_length_is_refused(sound, tmp_path):
    path = sound(tone(440, 5000), "s.flac")
    content = bytearray((tmp_path / "s.flac").read_bytes())
    content[22:26] = bytes(4)  # the lower bits of the number of samples
    (tmp_path / "s.flac").write_bytes(content)
    with pytest.raises(ValueError, match="convert it to wav"):
        loaded(path)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([], "holds no samples"),
        (np.zeros(100), "is silent"),
        (np.full(100, 0.5), "are the same"),
        ([0.0, np.nan, 0.5], "NaN"),
        ([0.0, np.inf, 0.5], "infinite"),
        ([0.0, 1.5, 0.5], r"up to 1.5, beyond \[-1, 1\]: set normalize"),
        ([0.5], "1 samples"),
    ],
)
def test_sounds_that_cannot_be_used_are_refused(sound, samples, message):
    with pytest.raises(ValueError, match=message):
        loaded(sound(samples, subtype="FLOAT"))


def test_channels_that_cancel_are_silent(sound):
    path = sound(np.stack([tone(440, 800), -tone(440, 800)], 1), subtype="FLOAT")
    with pytest.raises(ValueError, match="is silent"):
        loaded(path, mono=True)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        loaded(str(tmp_path))


def test_a_missing_sound_names_the_clips():
    with pytest.raises(FileNotFoundError, match="speech, guitar, hiss, tones, chirp"):
        loaded("nowhere.wav")


@pytest.mark.parametrize("part", [{"start": 0.1}, {"seconds": 0.2}, {"seconds": 1e-9}])
def test_a_part_outside_of_the_sound_is_refused(sound, part):
    with pytest.raises(ValueError, match=r"lasts 0\.1 s"):
        loaded(sound(tone(440, 800)), **part)


@pytest.mark.parametrize(
    "options",
    [
        {"start": -1.0},
        {"start": float("nan")},
        {"seconds": 0.0},
        {"seconds": float("inf")},
        {"rate": 0},
        {"scale": 0.0},
    ],
)
def test_options_out_of_range_are_named(options):
    with pytest.raises(ValueError, match=f"^{next(iter(options))} must be"):
        AudioData(**options)


def test_values_are_finite_single_precision():
    values = loaded("speech").values
    assert values.dtype == torch.float32
    assert values.isfinite().all()
