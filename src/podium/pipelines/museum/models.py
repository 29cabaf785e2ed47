"""What the parameters declare: encoders, the joined vector, and how neighbours are verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from podium.common.builder import Declaration, build_each
from podium.common.parameters import Parameters
from podium.pipelines.shared import Compute, Reserve
from podium.retrieval.matching import MatchingRules
from podium.retrieval.neighbour_drawing import DrawingRules
from podium.retrieval.verified_neighbours import AcceptanceRules

JOINED = "joined"
VERIFIED = "joined_verified"


class EncoderParameters(Declaration):
    """One encoder.

    Attributes:
        kind: On the leaderboard.
        weight: Of its block in the joined vector; 0 keeps it out.
    """

    kind: Literal["baseline", "encoder"]
    weight: float = Field(1.0, ge=0)


class ModelingParameters(Reserve):
    """Vectors and the time kept for what comes after (`modeling` in parameters.yml).

    Attributes:
        dimensions: Of the submitted vectors; null for as many as there are.
        block_dimensions: To which each encoder is reduced before they are joined, unless
            `dimensions` is larger or null.
        shrinkage: See `PcaWhitening`.
        turn_margin: Cosine by which a turned view has to be nearer, see `turns_of_images`.
        shard_size: Images between two stops of a run that can be resumed.
    """

    dimensions: int | None = Field(512, ge=2)
    block_dimensions: int = Field(1024, ge=2)
    shrinkage: float = Field(ge=0)
    turn_margin: float = Field(ge=0)
    shard_size: int = Field(512, ge=1)


class NeighbourParameters(Parameters):
    """Verified neighbours (`neighbours` in parameters.yml).

    Attributes:
        use: `always`, `never`, or `auto`: where the local score is better with them.
        shortlist: Images that each image is compared with.
        words: Visual words of the inverted file.
        points_per_word: Descriptors from which each is learned.
        ratio: See `MatchingRules`.
        error: See `MatchingRules`.
        fewest_inliers: Of a pair that is believed.
        margin: Times the inliers of the runner-up.
        strength: See `DrawingRules`.
        doubtful: See `DrawingRules`.
        doubtful_inliers: A pair with no more is not even doubtful.
        half_weight_inliers: See `DrawingRules`.
    """

    use: Literal["auto", "always", "never"]
    shortlist: int = Field(ge=1)
    words: int = Field(ge=2)
    points_per_word: int = Field(ge=1)
    ratio: float = Field(gt=0, lt=1)
    error: float = Field(gt=0)
    fewest_inliers: int = Field(ge=4)
    margin: float = Field(ge=1)
    strength: float = Field(ge=0)
    doubtful: float = Field(ge=0, le=1)
    doubtful_inliers: int = Field(ge=4)
    half_weight_inliers: float = Field(ge=0)

    @property
    def matching(self) -> MatchingRules:
        """How inliers are found."""
        return MatchingRules(ratio=self.ratio, error=self.error)

    @property
    def drawing(self) -> DrawingRules:
        """How pairs move vectors."""
        acceptance = AcceptanceRules(self.fewest_inliers, self.margin)
        return DrawingRules(
            acceptance,
            self.strength,
            self.doubtful,
            self.doubtful_inliers,
            self.half_weight_inliers,
        )


def build_encoders(encoders: Mapping[str, Any], compute: Compute) -> dict[str, Any]:
    """The enabled encoders by name, in the order of the parameters."""
    declared = declared_encoders(encoders)
    return build_each(declared, seed=compute.seed, threads=compute.threads)


def declared_encoders(encoders: Mapping[str, Any]) -> dict[str, EncoderParameters]:
    """The enabled blocks, checked.

    Raises:
        ParameterError: a block is wrong, or none is a baseline.
    """
    from podium.common.parameters import ParameterError

    enabled = EncoderParameters.enabled_of(encoders)
    if not any(block.kind == "baseline" for block in enabled.values()):
        raise ParameterError("encoders: at least one enabled encoder must be of kind baseline")
    return enabled
