import math

import h5py
import numpy as np
import pytest

from sgn_sciml.benchmark_data.lawcheck import check_law
from sgn_sciml.benchmark_data.make import make
from sgn_sciml.laws import (
    AdvectionPDEBench,
    BurgersPaper,
    BurgersPDEBench,
    BurgersR10,
    DarcyFlow,
    NavierStokes2D,
)
from sgn_sciml.laws.darcy import solve_darcy
from sgn_sciml.layouts import open_source


def found(path):
    """The law that fits, and the warnings."""
    check = check_law(open_source(path))
    chosen = [line.split("  misfit")[0].strip() for line in check.lines() if "<- this" in line]
    return chosen[0] if chosen else None, check.warnings


LAWS = {
    "nu = 0.1 on [0, 2 pi] (FNO's file)": BurgersR10(res=256, grid=256),
    "nu = 0.1 on [0, 1] (FNO's text)": BurgersPaper(res=256, grid=256),
    "viscosity nu/pi = 0.00318 (PDEBench)": BurgersPDEBench(nu=0.01, frames=21, time=0.2),
    "speed beta = 0.7": AdvectionPDEBench(beta=0.7, res=256, frames=21, time=0.2),
    "steady state, f = 1": DarcyFlow(res=43, grid=85),
    "nu = 0.001": NavierStokes2D(res=32, grid=32, frames=4, time=3),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_made_file_obeys_its_law(name, tmp_path):
    path = make(LAWS[name], tmp_path / "a.h5", 2, workers=1, progress=False)
    assert found(path) == (name, ())


def pdebench(path, x, t=None, **arrays):
    attributes = {k: v for k, v in arrays.items() if isinstance(v, float)}
    with h5py.File(path, "w") as file:
        file["x-coordinate"] = x
        if t is not None:
            file["t-coordinate"] = t
        for name, values in arrays.items():
            if name not in attributes:
                file[name] = values.astype("f4")
        file.attrs.update(attributes)
    return path


def burgers(tmp_path, viscosity, length=1.0):
    law = BurgersPDEBench(nu=viscosity * math.pi / length**2, frames=11, time=0.1)
    u = length * law.samples(0, [0, 1])["u"]
    x = length * law.coordinates()["x"] - (length - 1)
    t = np.linspace(0, 0.1, 11)
    return pdebench(tmp_path / "a.h5", x, np.append(t, 0.11), tensor=u, Nu=0.1)


def test_viscosity_without_pi_is_told_apart(tmp_path):
    assert found(burgers(tmp_path, 0.1 / math.pi))[0].startswith("viscosity nu/pi")
    assert found(burgers(tmp_path, 0.1))[0] == "viscosity nu = 0.1"


def test_the_period_is_read_from_the_coordinates(tmp_path):
    assert found(burgers(tmp_path, 0.1, length=2.0))[0] == "viscosity nu = 0.1"


def test_an_advection_speed_wrong_by_two_is_noticed(tmp_path):
    law = AdvectionPDEBench(beta=0.8, res=256, frames=21, time=0.2)
    grid = law.coordinates()
    path = pdebench(
        tmp_path / "a.h5", grid["x"], grid["t"], tensor=law.samples(0, [0])["u"], beta=0.4
    )
    assert found(path)[0] == "speed 2 beta = 0.8"


def test_values_beyond_any_law_end_in_no_law(tmp_path):
    u = 1e3 * np.random.default_rng(0).standard_normal((2, 11, 64))
    x, t = (np.arange(64) + 0.5) / 64, np.linspace(0, 0.1, 11)
    assert found(pdebench(tmp_path / "a.h5", x, t, tensor=u, Nu=1e-3))[0] is None


def darcy(path, beta, remnant=0.0):
    """Two PDEBench samples: steady states, with a remnant of a random start."""
    rng, n = np.random.default_rng(0), 16
    nu = rng.choice([0.1, 1.0], (2, n, n))
    u = np.stack([solve_darcy(np.pad(a, 1, "edge"), beta, 1 / n)[1:-1, 1:-1] for a in nu])
    u = u + remnant * rng.standard_normal(u.shape)
    x = (np.arange(n) + 0.5) / n
    pdebench(path, x, nu=nu, tensor=u[:, None], beta=beta)
    with h5py.File(path, "a") as file:
        file["y-coordinate"] = x
    return path


def test_darcy_of_pdebench_is_solved_on_its_cells(tmp_path):
    path = darcy(tmp_path / "a.h5", 10.0)
    check = check_law(open_source(path))
    assert check.misfits["steady state, f = 10"] < 1e-6
    assert not check.warnings


def test_small_beta_is_warned_of(tmp_path):
    law, warnings = found(darcy(tmp_path / "a.h5", 0.1, remnant=0.05))
    assert law is None
    assert "much of it cannot be predicted" in warnings[0]


def test_inspect_prints_and_draws(sgn, tmp_path):
    path = make(LAWS["speed beta = 0.7"], tmp_path / "a.h5", 3, workers=1, progress=False)
    code, out, err = sgn("data", "inspect", path)
    assert (code, err) == (0, "")
    for line in (
        "layout     sgn-samples-1, 3 samples",
        "field      u: float32 (sample 3, time 21, x 256), chunks 1x21x256",
        "constant   beta = 0.7",
        "solver     exact",
        "speed 2 beta = 1.4 ",
    ):
        assert line in out
    assert (tmp_path / "a.h5.png").read_bytes().startswith(b"\x89PNG")


def test_inspect_reports_202_times(sgn, tmp_path):
    path = burgers(tmp_path, 0.1)
    code, out, _ = sgn("data", "inspect", path, "--no-figure", "--no-check")
    assert code == 0
    assert "12 times for 11 frames" in out
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


@pytest.mark.parametrize("content", [b"", b"no data", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_inspect_of_what_is_no_data_is_one_line(sgn, tmp_path, content):
    path = tmp_path / "a.h5"
    path.write_bytes(content)
    code, out, err = sgn("data", "inspect", path)
    assert (code, out) == (1, "")
    assert err.startswith("sgn: error: ")
    assert err.count("\n") == 1


def test_resolve_darcy_writes_the_steady_state(sgn, tmp_path):
    path = darcy(tmp_path / "a.h5", 0.1, remnant=0.05)
    code, out, _ = sgn("data", "resolve-darcy", path, "--workers", 1)
    assert code == 0
    assert "away from the steady state" in out
    source = open_source(tmp_path / "a_steady.h5")
    old = open_source(path)
    assert np.array_equal(source.read("a"), old.read("nu"))
    assert np.array_equal(source.coordinates["x"], old.coordinates["x"])
    assert source.parameters["beta"] == 0.1
    again = solve_darcy(np.pad(old.read("nu")[0].astype(float), 1, "edge"), 0.1, 1 / 16)
    np.testing.assert_allclose(source.read("u")[0], again[1:-1, 1:-1], rtol=1e-5)


def test_resolve_darcy_refuses_other_files(sgn, tmp_path):
    code, _, err = sgn("data", "resolve-darcy", burgers(tmp_path, 0.1))
    assert code == 1
    assert "is not a PDEBench Darcy file" in err


def test_resolve_darcy_refuses_more_samples_than_there_are(sgn, tmp_path):
    code, _, err = sgn("data", "resolve-darcy", darcy(tmp_path / "a.h5", 1.0), "-n", 5)
    assert code == 1
    assert "has 2 samples, not 5" in err
