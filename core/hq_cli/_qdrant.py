"""Stores of vectors in a Qdrant service: the one place that knows its client, an extra of hq."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, NOINPUT, SERVICE, USAGE, HqError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.series.stores import Rows

SCHEME, ONLINE = "qdrant+", "qdrant-online+"
DISTANCES = {"dot": "Dot", "cosine": "Cosine", "euclid": "Euclid"}  # methods of SIMILARITY -> what Qdrant calls them
PIECE = 512  # points of a request
PATIENCE_S = 30


class Collection:
    """A collection of points by its URL, such as qdrant+http://localhost:6333/4h_BTC.

    Raises HqError SERVICE where the client is not installed.
    """

    def __init__(self, url: str) -> None:
        from urllib.parse import urlsplit

        parts = urlsplit(url.removeprefix(ONLINE).removeprefix(SCHEME))
        self.url = url
        self.name = parts.path.strip("/")
        if parts.scheme not in ("http", "https") or not parts.hostname or not self.name or "/" in self.name:
            raise HqError(f"{url}: must be qdrant+http://HOST:PORT/COLLECTION", USAGE)
        try:
            from qdrant_client import QdrantClient
        except ImportError:
            raise HqError("qdrant-client is missing", SERVICE, hint="pip install 'hq[qdrant]'") from None
        base = f"{parts.scheme}://{parts.netloc}"
        self.client = QdrantClient(url=base, timeout=PATIENCE_S, check_compatibility=False)

    @contextmanager
    def asked(self) -> Iterator[None]:
        """What the service answers as our errors: 69 where it is away or fails, never an empty answer."""
        from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

        try:
            yield
        except UnexpectedResponse as error:
            if error.status_code == 404:
                raise HqError(f"{self.url}: there is no such collection", NOINPUT) from None
            raise HqError(
                f"{self.url}: the service answers {error.status_code} {error.reason_phrase}", SERVICE
            ) from None
        except ResponseHandlingException as error:
            raise HqError(f"{self.url}: the service does not answer: {error.source}", SERVICE) from None
        except ApiException as error:
            raise HqError(f"{self.url}: {error}", SERVICE) from None

    def maps(self) -> Iterator[dict[str, Any]]:
        """Its points as maps that a store is made of: the payload, with the vector, and the point's id where it is a
        number and the payload has none.
        """
        offset = None
        while True:
            with self.asked():
                points, offset = self.client.scroll(
                    self.name, limit=PIECE, offset=offset, with_payload=True, with_vectors=True
                )
            yield from map(self.told, points)
            if offset is None:
                return

    def told(self, point: Any) -> dict[str, Any]:
        """A point as such a map."""
        if not isinstance(point.vector, list):
            raise HqError(f"{self.url}: point {point.id} has not one plain vector", DATA)
        told = {"id": point.id} if isinstance(point.id, int) else {}
        return {**told, **(point.payload or {}), "vector": point.vector}

    def form(self) -> tuple[int, str]:
        """How many values its vectors have, and by which of DISTANCES they are searched."""
        with self.asked():
            vectors = self.client.get_collection(self.name).config.params.vectors
        size, distance = getattr(vectors, "size", None), getattr(vectors, "distance", None)
        names = {theirs: ours for ours, theirs in DISTANCES.items()}
        if size is None or str(getattr(distance, "value", distance)) not in names:
            raise HqError(f"{self.url}: must hold one vector a point, by {', '.join(DISTANCES.values())}", DATA)
        return size, names[str(getattr(distance, "value", distance))]

    def put(self, rows: Rows, maps: Iterator[dict[str, Any]], distance: str) -> None:
        """Write a store's rows as points 0, 1, 2 ..., their labels and times as payload; the collection is made if it
        is not there, with one of DISTANCES: by cosine a service makes vectors of length 1 of what it is given, by the
        others they stay as they are.
        """
        from qdrant_client import models

        with self.asked():
            there = self.client.collection_exists(self.name)
            if not there:
                params = models.VectorParams(size=rows.length, distance=models.Distance(DISTANCES[distance]))
                self.client.create_collection(self.name, vectors_config=params)
        if there and self.form() != (rows.length, distance):
            size, by = self.form()
            what = f"{self.url}: has vectors of {size} values by {by}, these are of {rows.length} by {distance}"
            raise HqError(what, DATA)
        piece: list[Any] = []
        for at, told in enumerate(maps):
            vector = told.pop("vector")
            piece.append(models.PointStruct(id=at, vector=vector, payload=told))
            if len(piece) == PIECE:
                self._send(piece)
                piece = []
        if piece:
            self._send(piece)

    def _send(self, points: list[Any]) -> None:
        with self.asked():
            self.client.upsert(self.name, points=points, wait=True)
