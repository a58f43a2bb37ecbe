"""What recipes of pose nets share: their data are people with joints, and they are judged by the joints that they find."""

from __future__ import annotations

import logging

import torch

from sightline.errors import ConfigurationError
from training.augment.pipeline import training_pipeline
from training.data.config import DataConfig
from training.data.evaluation_set import EvaluationPart
from training.data.finding import Report
from training.data.posed.opening import open_posed_sets
from training.data.posed.training_set import PosedTrainingSet
from training.feed import Opened
from training.pose_validation import HeldOut, PoseValidation
from training.recipe import Recipe

log = logging.getLogger(__name__)


class PoseRecipe(Recipe):
    """A net that finds the joints of the one person on a picture, trained on one set or on several."""

    def open(self, data: DataConfig, *, device: torch.device, report: Report) -> Opened:
        augmentation = training_pipeline(self.augment, self.size_hw)  # what is wrong with it is said before data are read
        sets = open_posed_sets(data, report=report)
        if not any(len(each.training) for each in sets):
            raise ConfigurationError(f"{data.path} has no picture with joints to learn from")
        training = PosedTrainingSet(sets, augmentation, threads=data.threads, ahead=data.ahead)
        held_out = {
            each.name: HeldOut(
                EvaluationPart(each.held_out, self.augment, self.size_hw, threads=data.threads, ahead=data.ahead),
                each.annotated,
            )
            for each in sets
            if len(each.held_out)
        }
        if not held_out:
            log.warning("no set holds pictures out: nothing is validated")
            return Opened(training, None)
        return Opened(training, PoseValidation(held_out, self.precision, device))
