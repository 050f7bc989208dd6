"""mmengine's runner, with one-sentence error messages for mistakes in a config."""

import os
from collections.abc import Callable
from functools import partial
from pickle import UnpicklingError
from typing import Any

from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.hooks import CheckpointHook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import end_with

from .building import building, name_of, reason_of
from .hand_over import collate
from .saving import PlainCheckpointHook

__all__ = ["ConfigRunner"]

MOMENTS = {"exp_avg", "exp_avg_sq", "momentum_buffer"}  # of Adam and of SGD
TRAINING = ("train_dataloader", "train_cfg", "optim_wrapper")
VALIDATION = ("val_dataloader", "val_cfg", "val_evaluator")
TESTING = ("test_dataloader", "test_cfg", "test_evaluator")


class ConfigRunner(Runner):
    """mmengine's ``Runner``, which here names the config if a part of it is missing or cannot be built.

    mmengine builds loops, data sets and optimizers only when they are first used, so these errors can also come from
    ``train`` and ``test``.
    """

    @classmethod
    def from_cfg(cls, cfg: Config) -> "ConfigRunner":
        """Build a runner.

        Raises:
            InputError: the config has no model, or only a part of the settings for training, validation or testing.
        """
        if cfg.get("model") is None:
            raise InputError(f"{name_of(cfg)}: has no model; add it.")
        for keys in (TRAINING, VALIDATION, TESTING):
            missing = [key for key in keys if cfg.get(key) is None]
            if 0 < len(missing) < len(keys):
                others = " and ".join(key for key in keys if key not in missing)
                raise InputError(
                    f"{name_of(cfg)}: has no {' and no '.join(missing)}, which goes with {others}; add what is missing."
                )
        return super().from_cfg(cfg)

    def train(self) -> nn.Module:
        """Train according to the config.

        Returns:
            The model.

        Raises:
            InputError: a part of the config is missing or cannot be built, initial weights cannot be loaded, or a
                foreign hook would write checkpoints that cannot be loaded again.
        """
        self._require("training", TRAINING)
        foreign = [h for h in self.hooks if isinstance(h, CheckpointHook) and not isinstance(h, PlainCheckpointHook)]
        if foreign:
            raise InputError(
                f"{name_of(self.cfg)}: its {type(foreign[0]).__name__} writes checkpoints that are not loaded here, "
                "since they hold pickled objects; give it the type 'PlainCheckpointHook', with the same settings."
            )
        return super().train()

    def test(self) -> dict:
        """Test according to the config.

        Returns:
            The metrics by name.

        Raises:
            InputError: a part of the config is missing or cannot be built.
        """
        self._require("testing", TESTING)
        return super().test()

    def load_checkpoint(self, filename: str, *args: Any, **kwargs: Any) -> dict:
        """As in mmengine, but an InputError names the checkpoint if it cannot be loaded."""
        try:
            return super().load_checkpoint(filename, *args, **kwargs)
        except (InputError, UnpicklingError):
            raise
        except Exception as error:  # a server or a broken download can answer anything
            raise InputError(
                f"{filename}: the checkpoint cannot be loaded ({reason_of(error)}); check load_from, the path or the "
                "connection."
            ) from error

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """As in mmengine, but an InputError names the checkpoint if a training cannot be resumed from it."""
        try:
            super().resume(filename, *args, **kwargs)
            misfit = next(filter(None, (self._too_far(), *map(_misfit, self._optimizers()))), None)
        except (InputError, UnpicklingError):
            raise
        except Exception as error:  # what a file says about optimizer and schedules can be anything
            misfit = reason_of(error)
        if misfit:
            raise InputError(
                f"{filename}: the state of training in it does not go with this config ({misfit}); resume with the "
                f"config that wrote it, or start from its weights with --cfg-options load_from={filename}."
            )

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict, seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader:
        """As in mmengine, but workers hand batches over faster and end with this process, also if it is killed."""
        loader = Runner.build_dataloader(dataloader, seed, diff_rank_seed)
        if getattr(loader.collate_fn, "func", None) is pseudo_collate:
            loader.collate_fn = collate
        loader.worker_init_fn = partial(_begin_worker, os.getpid(), loader.worker_init_fn)
        return loader

    def build_model(self, model: Any) -> nn.Module:
        """As in mmengine, but an InputError names the config if the model cannot be built."""
        with building("model", self.cfg):
            return super().build_model(model)

    def build_train_loop(self, loop: Any) -> Any:
        """As in mmengine, but an InputError names the config if the training loop or its data cannot be built."""
        with building("train_dataloader or train_cfg", self.cfg):
            return super().build_train_loop(loop)

    def build_val_loop(self, loop: Any) -> Any:
        """As in mmengine, but an InputError names the config if validation loop, data or evaluator cannot be built."""
        with building("val_dataloader, val_cfg or val_evaluator", self.cfg):
            return super().build_val_loop(loop)

    def build_test_loop(self, loop: Any) -> Any:
        """As in mmengine, but an InputError names the config if test loop, data or evaluator cannot be built."""
        with building("test_dataloader, test_cfg or test_evaluator", self.cfg):
            return super().build_test_loop(loop)

    def build_optim_wrapper(self, optim_wrapper: Any) -> Any:
        """As in mmengine, but an InputError names the config if the optimizer cannot be built."""
        with building("optim_wrapper", self.cfg):
            return super().build_optim_wrapper(optim_wrapper)

    def build_param_scheduler(self, scheduler: Any) -> Any:
        """As in mmengine, but an InputError names the config if the learning-rate schedules cannot be built."""
        with building("param_scheduler", self.cfg):
            return super().build_param_scheduler(scheduler)

    def _init_model_weights(self) -> None:
        try:
            super()._init_model_weights()
        except (InputError, UnpicklingError):
            raise
        except Exception as error:  # a broken file or download can fail in any way
            raise InputError(
                f"{name_of(self.cfg)}: the weights that an init_cfg of its model names cannot be loaded "
                f"({reason_of(error)}); check the path or the connection, or set that init_cfg to None."
            ) from error

    def _require(self, purpose: str, keys: tuple[str, ...]) -> None:
        missing = [key for key in keys if self.cfg.get(key) is None]
        if missing:
            raise InputError(f"{name_of(self.cfg)}: has no {' and no '.join(missing)}, which {purpose} needs; add it.")

    def _too_far(self) -> str | None:
        """What is wrong with the iteration that was resumed: the data of all before it are drawn and left out."""
        loop = self.train_loop
        beyond = isinstance(loop, IterBasedTrainLoop) and loop.iter > loop.max_iters
        return f"it is at iteration {loop.iter} of {loop.max_iters}" if beyond else None

    def _optimizers(self) -> list[Optimizer]:
        wrappers = self.optim_wrapper
        wrappers = list(wrappers.values()) if isinstance(wrappers, OptimWrapperDict) else [wrappers]
        return [wrapper.optimizer for wrapper in wrappers]


def _misfit(optimizer: Optimizer) -> str | None:
    """What is wrong with the moments that an optimizer has loaded: each is to have the shape of its parameter."""
    for parameter, state in optimizer.state.items():
        for name in MOMENTS & state.keys():
            moment = state[name]
            if moment is not None and getattr(moment, "shape", None) != parameter.shape:
                return f"its optimizer's {name} has another shape than its parameter"
    return None


def _begin_worker(parent: int, begin: Callable[[int], None] | None, number: int) -> None:
    """Begin the data-loading worker of a number as its loader says in ``begin``."""
    end_with(parent)
    if begin is not None:
        begin(number)
