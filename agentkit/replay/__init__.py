"""A recorded run once more: the model's answers are played back, and its tools are really called."""

from agentkit.replay.agents import Subject as Subject
from agentkit.replay.agents import find_subject as find_subject
from agentkit.replay.run import Replay as Replay
from agentkit.replay.run import replay as replay
from agentkit.replay.run import replay_async as replay_async

__all__ = ["Replay", "Subject", "find_subject", "replay", "replay_async"]
