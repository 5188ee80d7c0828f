"""A small MCP server: how long the sun is up, by latitude and date. Computed, from no data and no network.

The declination of the sun is Spencer's Fourier series (1971), good to a few hundredths of a degree; the sun counts as up
while its upper edge stands above a level horizon, with the usual refraction (zenith 90.833°). In middle latitudes that
is right to about two minutes.
"""

from __future__ import annotations

import datetime
import io
import math

from mcp.types import ToolAnnotations

try:
    from mcp.server.mcpserver import Image, MCPServer
except ImportError:  # version 1 of the package has it under another name
    from mcp.server.fastmcp import FastMCP as MCPServer
    from mcp.server.fastmcp import Image

ZENITH = math.radians(90.833)
# Clients let such tools run without asking.
ONLY_READS = ToolAnnotations(readOnlyHint=True, openWorldHint=False)

server = MCPServer("sun")


def declination(date: datetime.date) -> float:
    """How far the sun stands north of the equator at noon, in radians."""
    g = 2 * math.pi * (date.timetuple().tm_yday - 1) / 365
    return (
        0.006918
        - 0.399912 * math.cos(g)
        + 0.070257 * math.sin(g)
        - 0.006758 * math.cos(2 * g)
        + 0.000907 * math.sin(2 * g)
        - 0.002697 * math.cos(3 * g)
        + 0.00148 * math.sin(3 * g)
    )


def hours_of_sun(latitude: float, date: datetime.date) -> float:
    """How long the sun is up: 0 in the polar night, 24 on a polar day."""
    phi, delta = math.radians(latitude), declination(date)
    cosine = (math.cos(ZENITH) - math.sin(phi) * math.sin(delta)) / (
        math.cos(phi) * math.cos(delta)
    )
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine)))) / 7.5


def place(latitude: float) -> str:
    """A latitude as people write it."""
    if not -90 <= latitude <= 90:
        raise ValueError(f"A latitude is between -90 (south) and 90 (north), not {latitude}.")
    return f"{abs(latitude):g}° {'S' if latitude < 0 else 'N'}"


@server.tool(annotations=ONLY_READS, structured_output=False)
def day_length(latitude: float, date: datetime.date) -> str:
    """How long the sun is up on a date (YYYY-MM-DD) at a latitude in degrees; south is negative."""
    where = place(latitude)
    minutes = round(hours_of_sun(latitude, date) * 60)
    return f"{date:%d %B %Y}, {where}: the sun is up for {minutes // 60} h {minutes % 60:02} min."


@server.tool(annotations=ONLY_READS, structured_output=False)
def draw_year(latitude: float, year: int) -> Image:
    """Draw how long the sun is up on each day of a year at a latitude in degrees; south is negative."""
    # Here, so that the server is ready before matplotlib is loaded.
    from matplotlib.dates import DateFormatter
    from matplotlib.figure import Figure

    where = place(latitude)
    first = datetime.date(year, 1, 1)
    days = [first + datetime.timedelta(n) for n in range(365)]
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(days, [hours_of_sun(latitude, day) for day in days])
    axes.set(ylim=(0, 24), yticks=range(0, 25, 6), ylabel="hours of sun a day", title=where)
    axes.xaxis.set_major_formatter(DateFormatter("%b"))
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return Image(data=picture.getvalue(), format="png")


if __name__ == "__main__":
    server.run()
