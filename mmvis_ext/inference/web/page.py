"""The page itself: what is on it, and what happens when somebody presses something. It alone imports gradio."""

import html
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from mmvis_ext.utils.errors import InputError, unknown_error

from .runs import MOST_FPS, Runs, Settings
from .visits import Visits

__all__ = ["CSS", "build_page", "theme"]

SIZES = 160, 1920  # pixels of the longer side that a visitor can choose
WAITING = 16  # runs that may wait for their turn
CSS = """
.gradio-container main { width: 100%; max-width: 1180px !important; margin: 0 auto !important; }
#title h1 { font-weight: 600; margin: 0.2em 0 0; }
#title p { margin: 0.3em 0 0; color: var(--body-text-color-subdued); }
#overlay video { max-height: 62vh; }
#summary { min-height: 1.6em; }
footer { display: none !important; }
"""


def theme() -> gr.themes.Base:
    """Quiet colours, and fonts that every machine has."""
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
    return gr.themes.Default(
        primary_hue="teal", neutral_hue="slate", font=fonts, font_mono=["ui-monospace", "monospace"]
    )


def build_page(runs: Runs, visits: Visits, start: Settings) -> gr.Blocks:
    """The page.

    Args:
        runs: what runs a video.
        visits: what keeps the files.
        start: the settings that are there at first.
    """
    # what no visitor owns, such as an upload that broke off, goes after some hours
    with gr.Blocks(title="mmvis", analytics_enabled=False, delete_cache=(600, 6 * 3600)) as page:
        gr.Markdown(
            "# Instances in a video\n"
            f"Up to {runs.limits.megabytes:g} MB and {runs.limits.seconds:g} seconds. Your video stays on this "
            "machine, and is removed when you close the page.",
            elem_id="title",
        )
        with gr.Row():
            with gr.Column(scale=1, min_width=300):
                chosen = _settings(runs, start)
                with gr.Row():
                    run = gr.Button("Run", variant="primary", min_width=100, elem_id="run")
                    stop = gr.Button("Stop", min_width=100, elem_id="stop")
            with gr.Column(scale=2, min_width=300):
                shown = _results()
        hidden: dict[str, Any] = dict(api_visibility="private", show_progress="hidden")
        run.click(_nothing, None, shown, queue=False, **hidden).then(
            _handler(runs, visits),
            chosen,
            shown,
            api_visibility="private",
            concurrency_limit=1,
            show_progress_on=shown[:1],
        )
        stop.click(_of_visitor(visits.stop), None, None, queue=False, **hidden)
        chosen[0].change(_noted(visits), chosen[0], None, queue=False, **hidden)
        page.unload(_of_visitor(visits.leave))
    return page.queue(max_size=WAITING)


def _settings(runs: Runs, start: Settings) -> list[Any]:
    sizes = min(SIZES[0], start.max_size), max(SIZES[1], start.max_size)
    return [
        gr.File(label="Video", file_types=runs.limits.endings, height=150, elem_id="upload"),
        gr.Dropdown(list(runs.models), value=start.model, label="Model", elem_id="model"),
        gr.Slider(0, 1, start.score_thr, step=0.05, label="Lowest score"),
        gr.Slider(min(0.5, start.fps), MOST_FPS, start.fps, step=0.1, label="Frames a second"),
        gr.Slider(*sizes, start.max_size, step=1, label="Largest side in pixels"),
    ]


def _results() -> list[Any]:
    plain: dict[str, Any] = dict(show_label=False, interactive=False)
    overlay = gr.Video(autoplay=True, loop=True, elem_id="overlay", **plain)
    timeline = gr.Image(type="filepath", buttons=[], visible=False, elem_id="timeline", **plain)
    summary = gr.Markdown(elem_id="summary")
    button: dict[str, Any] = dict(interactive=False, size="md", min_width=100)
    with gr.Row():
        masks = gr.DownloadButton("Masks (zip)", elem_id="masks", **button)
        tracks = gr.DownloadButton("Tracks (JSON)", elem_id="tracks", **button)
    return [overlay, timeline, summary, masks, tracks]


def _nothing() -> list[Any]:
    """What the results show before there are some."""
    button = gr.DownloadButton(value=None, interactive=False)
    return [None, gr.Image(value=None, visible=False), "", button, button]


def _handler(runs: Runs, visits: Visits) -> Callable[..., list[Any]]:
    def run(
        video: str | None,
        model: str,
        score_thr: float,
        fps: float,
        max_size: float,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (how gradio hands it over)
    ) -> list[Any]:
        def tell(done: int, length: int | None) -> None:
            progress((done, length), desc="Looking", unit="frames")

        with _errors(), visits.run(_visitor(request)) as (folder, stop):
            found = runs(video, Settings(model, score_thr, fps, int(max_size)), folder, stop, tell)
        timeline = gr.Image(value=str(found.timeline), visible=True)
        files = [path and str(path) for path in (found.masks, found.tracks)]
        buttons = [gr.DownloadButton(value=path, interactive=path is not None) for path in files]
        return [str(found.overlay), timeline, html.escape(found.summary, quote=False), *buttons]

    return run


def _noted(visits: Visits) -> Callable[..., None]:
    def note(video: str | None, request: gr.Request) -> None:
        visits.uploaded(_visitor(request), video)

    return note


def _of_visitor(act: Callable[[str], None]) -> Callable[..., None]:
    def of_request(request: gr.Request) -> None:
        act(_visitor(request))

    return of_request


def _visitor(request: gr.Request) -> str:
    return str(request.session_hash)


@contextmanager
def _errors() -> Iterator[None]:
    """Show an error as a sentence on the page."""
    try:
        yield
        return
    except InputError as error:
        sentence = str(error)
    except Exception as error:
        print(f"error: {unknown_error(error)}", file=sys.stderr)
        sentence = "this video could not be run, for a reason that is not known here; the server's log has it."
    raise gr.Error(html.escape(sentence, quote=False), duration=20, print_exception=False)
