"""Serving the page, with nothing that reaches out and nothing that stays."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.interrupts import stopping

from .runs import Runs, Settings
from .visits import Visits

__all__ = ["opened", "serve"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# the page asks this server alone, whatever is on it
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; form-action 'self'"
)


def serve(runs: Runs, start: Settings, host: str = "127.0.0.1", port: int = 7860) -> None:
    """Serve the page until Ctrl-C.

    Args:
        runs: what runs a video.
        start: the settings that are there at first.
        host: address that it listens on; by default, this machine alone can reach it.
        port: its port.

    Raises:
        InputError: gradio is not installed, or the port is taken.
    """
    with stopping("closing the page") as stop, opened(runs, start, host, port) as (address, _):
        print(f"{address}  (Ctrl-C ends it)", flush=True)
        if host not in LOOPBACK:
            print(f"note: who reaches this machine at {host} can use it, without a password", flush=True)
        while not stop.asked:
            time.sleep(0.2)


@contextmanager
def opened(runs: Runs, start: Settings, host: str, port: int) -> Iterator[tuple[str, Path]]:
    """The page while it is served: its address, and the folder that holds all files until the end.

    Raises:
        InputError: see :func:`serve`.
    """
    with tempfile.TemporaryDirectory(prefix="mmvis_web_", ignore_cleanup_errors=True) as folder, _settings(folder):
        _require_gradio()
        from .page import CSS, build_page, theme

        page = build_page(runs, Visits(Path(folder)), start)
        try:
            _, address, _ = page.launch(
                server_name=host,
                server_port=port,
                max_file_size=runs.limits.bytes,
                app_kwargs=dict(middleware=_middleware(host)),
                theme=theme(),
                css=CSS,
                footer_links=[],
                share=False,
                ssr_mode=False,
                mcp_server=False,
                run_history=False,
                enable_monitoring=False,
                inbrowser=False,
                prevent_thread_lock=True,
                quiet=True,
            )
        except OSError:
            raise InputError(f"--port {port}: cannot be opened at {host}; give another one.") from None
        try:
            yield address, Path(folder)
        finally:
            page.close(verbose=False)


def _middleware(host: str) -> list[Any]:
    """What each answer goes through.

    At the loopback address, a request that names another host comes from a foreign page in the visitor's browser.
    """
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    found = [Middleware(_Policy)]
    if host in LOOPBACK:
        found.append(Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"]))
    return found


class _Policy:
    """Adds the content security policy to each answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def with_policy(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", POLICY.encode())]
            await send(message)

        await self.app(scope, receive, with_policy)


@contextmanager
def _settings(folder: str) -> Iterator[None]:
    """gradio's settings, which it reads on import or while building a page: files in our folder, no word to anybody."""
    ours = dict(
        GRADIO_TEMP_DIR=folder,
        GRADIO_ANALYTICS_ENABLED="False",
        GRADIO_SHARE="False",
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_HUB_OFFLINE="1",
    )
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _require_gradio() -> None:
    try:
        import gradio  # noqa: F401
    except ModuleNotFoundError:
        raise InputError(
            "the page needs the package gradio, which is not installed: `pip install 'mmvis_ext[web]'`."
        ) from None
