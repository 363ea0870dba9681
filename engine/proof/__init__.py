"""The proof of a mapping: does every value survive the way round, for each row and each pair of sides.

`prove` passes values round through the lenses as the engine does, `keep` says what an app keeps of them.
"""

from engine.proof.proof import Finding, Proof, Way, prove
from engine.proof.seal import seal

__all__ = ["Finding", "Proof", "Way", "prove", "seal"]
