"""The images of a challenge, downloaded by the steps of its pipeline that lead to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.challenges import challenges
from podium.common.errors import PodiumError
from podium.error_hooks import user_message

if TYPE_CHECKING:
    from podium.vision.downloading.downloaded import DownloadedImages

_IMAGES = "images"  # the dataset, and the parameters of its step


def download_challenge(
    project: Path,
    challenge: str,
    where: Mapping[str, str],
    rules: Mapping[str, str],
    folder: Path | None,
) -> DownloadedImages:
    """Read and clean the raw files and download their images, as a run of the challenge does.

    Args:
        project: Root of the project.
        challenge: Its name.
        where: `data_root` and `data`, as for a run; both may be missing.
        rules: Limits that stand before those of the project's parameters.
        folder: Where the images go; None for where the catalog says.

    Returns:
        What became of each row.

    Raises:
        PodiumError: the challenge downloads no images, or the run cannot be done.
    """
    from kedro.framework.session import KedroSession

    _demand_images_of(challenge)
    own: dict[str, Any] = {_IMAGES: {"rules": dict(rules)}}
    if folder is not None:
        own["images_folder"] = str(folder.resolve())
    session = KedroSession.create(project, runtime_params={**where, challenge: own})
    with session:
        context = session.load_context()
        _demand_download(challenge, context.config_loader["parameters"])
        if folder is not None:
            _demand_folder(folder)
        name = f"{challenge}.{_IMAGES}"
        try:
            session.run(pipeline_names=[challenge], to_outputs=[name])
        except Exception as error:
            message = user_message(error)
            if message is None:
                raise
            raise PodiumError(message) from error
        images: DownloadedImages = context.catalog.load(name)
    return images


def _demand_images_of(challenge: str) -> None:
    from kedro.framework.project import pipelines

    known = [each for each in challenges() if f"{each}.{_IMAGES}" in pipelines[each].all_outputs()]
    if challenge not in known:
        raise PodiumError(
            f"{challenge} downloads no images; those that do: {', '.join(known)}. Or name a CSV "
            "file with links"
        )


def _demand_download(challenge: str, parameters: Mapping[str, Any]) -> None:
    if not parameters[challenge][_IMAGES].get("download", True):
        raise PodiumError(
            f"the parameter {challenge}.{_IMAGES}.download is false: no link may be asked for. Set "
            "it to true in the project's parameters first"
        )


def _demand_folder(folder: Path) -> None:
    """Refuse a folder that cannot be used before the raw files are read."""
    from podium.vision.downloading.store import only_run

    with only_run(folder):
        pass
