import pytest

from sgn_sciml.callbacks import budget
from sgn_sciml.callbacks.budget import TimeBudget, read_budget
from sgn_sciml.inr import INR
from sgn_sciml.optim import Exponential
from tests.inr.test_task import Ripple, waves


class Clock:
    """A clock that a step moves on by a given time."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(budget.time, "perf_counter", lambda: self.now)


class Ticking(Ripple):
    """Data whose every step takes a second of a clock, the first one three."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def on_after_batch_transfer(self, batch, dataloader_idx):
        if self.trainer.training:
            self.clock.now += 1.0 if self.trainer.global_step else 3.0
        return super().on_after_batch_transfer(batch, dataloader_idx)


def fit(trainer, clock, seconds, ckpt_path=None, **options):
    task = INR(waves(), schedule=Exponential(end=0.01))
    made = trainer(
        max_steps=1000, val_check_interval=1000, callbacks=[TimeBudget(seconds)], **options
    )
    made.fit(task, datamodule=Ticking(clock), ckpt_path=ckpt_path)
    return made


def test_the_steps_that_fit_are_found(trainer, monkeypatch):
    made = fit(trainer, Clock(monkeypatch), 43.0)
    assert made.global_step == 41  # the first three seconds, then one each


def test_validations_within_it_count(trainer, monkeypatch):
    clock = Clock(monkeypatch)

    class Validating(Ticking):
        def on_after_batch_transfer(self, batch, dataloader_idx):
            if self.trainer.validating or self.trainer.sanity_checking:
                clock.now += 5.0
            return super().on_after_batch_transfer(batch, dataloader_idx)

    made = trainer(max_steps=1000, val_check_interval=5, callbacks=[TimeBudget(103.0)])
    made.fit(INR(waves()), datamodule=Validating(clock))
    assert made.global_step == 51  # and ten validations: 3 + 50 + 50 seconds


def test_the_schedule_ends_with_the_budget(trainer, monkeypatch):
    made = fit(trainer, Clock(monkeypatch), 43.0)
    first, last = made.optimizers[0].param_groups[0]["initial_lr"], made.optimizers[0]
    assert last.param_groups[0]["lr"] == pytest.approx(0.01 * first)


def test_a_run_that_goes_on_keeps_the_steps(trainer, monkeypatch, tmp_path):
    clock = Clock(monkeypatch)
    made = fit(trainer, clock, 43.0, limit_train_batches=20, max_epochs=1)
    made.save_checkpoint(tmp_path / "some.ckpt")
    assert made.global_step == 20
    made = fit(trainer, clock, 43.0, ckpt_path=tmp_path / "some.ckpt")
    assert made.global_step == 41


def test_a_machine_that_becomes_slower_stops_on_time(trainer, monkeypatch):
    class Slower(Clock):
        def __setattr__(self, name, value):
            late = name == "now" and value > 20
            super().__setattr__(name, value + 9 if late else value)

    clock = Slower(monkeypatch)
    made = fit(trainer, clock, 43.0)
    assert made.global_step < 30
    assert clock.now <= 43


@pytest.mark.parametrize(("first", "later"), [(6.0, 1.0), (1.0, 6.0)])
def test_a_load_that_changes_leaves_the_time_as_it_is(first, later, trainer, monkeypatch):
    class Loaded(Ticking):
        def on_after_batch_transfer(self, batch, dataloader_idx):
            if self.trainer.training:
                self.clock.now += first if self.trainer.global_step < 11 else later
            return Ripple.on_after_batch_transfer(self, batch, dataloader_idx)

    clock = Clock(monkeypatch)
    task = INR(waves(), schedule=Exponential(end=0.01))
    made = trainer(max_steps=-1, val_check_interval=10**6, callbacks=[TimeBudget(160.0)])
    made.fit(task, datamodule=Loaded(clock))
    assert 150 <= clock.now <= 160
    if later < first:  # there was time to plan anew
        group = made.optimizers[0].param_groups[0]
        assert group["lr"] == pytest.approx(0.01 * group["initial_lr"], rel=0.3)


@pytest.mark.parametrize(
    ("text", "found"),
    [("7", (7, None)), ("90s", (None, 90.0)), ("5m", (None, 300.0)), ("0.5h", (None, 1800.0))],
)
def test_budgets_are_read(text, found):
    assert read_budget(text) == found


@pytest.mark.parametrize("text", ["", "0", "-3", "s", "1.5", "5 minutes", "5ms", "0s", "nan"])
def test_what_is_no_budget_is_refused(text):
    with pytest.raises(ValueError, match="a budget is"):
        read_budget(text)
