"""Real image pipelines for one test, which end with it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from collage_lambda.download.downloader import DownloadSettings
from collage_lambda.download.fetch import Timing
from collage_lambda.download.process_downloads import ProcessDownloads
from collage_lambda.download.resolver import system_lookup
from collage_lambda.image.decode import MIN_SIDE_PX
from collage_lambda.image.decoder import Decoder
from collage_lambda.image.heif_process import HeifProcess
from collage_lambda.pipeline import ImagePipeline


class ImagePipelines(ExitStack):
    """Opens pipelines; closes their connections and event loops at the end of the block."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = self.enter_context(ThreadPoolExecutor(4))

    def open(
        self, settings: DownloadSettings, timing: Timing, min_side_px: int = MIN_SIDE_PX
    ) -> ImagePipeline:
        """Return a pipeline of its own event loop; all of them share `threads`."""
        downloads = ProcessDownloads(settings, system_lookup(self.threads), timing)
        self.callback(downloads.close)
        return ImagePipeline(
            downloads=downloads,
            decoder=Decoder(threading.Lock(), HeifProcess()),
            threads=self.threads,
            min_side_px=min_side_px,
        )
