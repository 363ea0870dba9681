"""Proposes a mapping for apps that share words of the vocabulary. Pure: what is known comes as arguments."""

from engine.propose.draft import Draft, Left, Seen
from engine.propose.meant import kinds
from engine.propose.proposal import Proposal, propose
from engine.propose.vocabulary import Vocabulary, Word, load_vocabulary
from engine.propose.write import text

__all__ = ["Draft", "Left", "Proposal", "Seen", "Vocabulary", "Word", "kinds", "load_vocabulary", "propose", "text"]
