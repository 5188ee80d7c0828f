"""The plain way on FastAPI: ``send_json`` to one client after the other, as the tutorials do it.

``python plain_fastapi.py PORT EVENTS A_FRAME``; a ``POST /go`` sends to all that are connected to ``/ws``.
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from frames import frames

PORT, EVENTS, A_FRAME = map(int, sys.argv[1:])

app = FastAPI()
sockets: list[WebSocket] = []


@app.websocket("/ws")
async def watch(socket: WebSocket) -> None:
    """Keep a client."""
    await socket.accept()
    sockets.append(socket)
    try:
        await socket.receive_text()
    except WebSocketDisconnect:
        return


@app.post("/go")
async def go() -> None:
    """Send all."""
    for frame in frames(EVENTS, A_FRAME):
        for socket in sockets:
            await socket.send_json(frame)


uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="error", ws_per_message_deflate=False)
