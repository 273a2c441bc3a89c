"""A Qdrant service: a thin server over its client's own local mode, as no service is to be had here."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


class Service:
    """What a test sees of it.

    url      qdrant+http://..., to which a collection's name belongs
    asked    bodies of the searches so far;  patience: searches that are answered, then it is away
    """

    def __init__(self, local):
        self.local = local
        self.url = ""
        self.asked = []
        self.vectors = {}  # as they came: at each search by cosine local mode makes their lengths 1 anew
        self.patience = 1 << 60


@contextmanager
def serving():
    qdrant = pytest.importorskip("qdrant_client", reason="qdrant-client, an extra, is not installed")
    service = Service(qdrant.QdrantClient(":memory:"))
    local, models = service.local, qdrant.models

    def filter_of(said):
        return models.Filter(**said["filter"]) if said.get("filter") else None

    def told(name, one):
        vector = service.vectors.get((name, one.id), one.vector)
        return {"id": one.id, "payload": one.payload, "vector": vector}

    def nearest(name, said):
        """Of equal scores the last one first: nothing tells how a service has them."""
        found = local.query_points(
            name,
            query=said["query"]["nearest"],
            limit=local.count(name).count,
            query_filter=filter_of(said),
            with_payload=True,
            with_vectors=True,
        ).points
        way = -1 if local.get_collection(name).config.params.vectors.distance == models.Distance.EUCLID else 1
        found.sort(key=lambda one: (-way * one.score, -one.id))
        return [told(name, one) | {"score": one.score, "version": 0} for one in found[: said["limit"]]]

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            _, _, name, *rest = self.path.partition("?")[0].split("/")
            said = json.loads(self.rfile.read(int(self.headers["content-length"] or 0)) or b"{}")
            if name == "broken":
                return self.give(500, {"status": {"error": "broken"}})
            if rest == ["exists"]:
                result = {"exists": local.collection_exists(name)}
            elif self.command == "PUT" and not rest:
                size, distance = said["vectors"]["size"], models.Distance(said["vectors"]["distance"])
                result = local.create_collection(name, models.VectorParams(size=size, distance=distance))
            elif not local.collection_exists(name):
                return self.give(404, {"status": {"error": "not found"}})
            elif self.command == "GET":
                result = local.get_collection(name).model_dump(mode="json")
            elif rest == ["points"]:
                local.upsert(name, [models.PointStruct(**one) for one in said["points"]])
                for one in local.retrieve(name, [one["id"] for one in said["points"]], with_vectors=True):
                    service.vectors[name, one.id] = one.vector
                result = {"operation_id": 0, "status": "completed"}
            elif rest == ["points", "count"]:
                result = {"count": local.count(name, count_filter=filter_of(said), exact=True).count}
            elif rest == ["points", "query"]:
                service.asked.append(said)
                if len(service.asked) > service.patience:
                    self.close_connection = True
                    return None
                result = {"points": nearest(name, said)}
            else:
                assert rest == ["points", "scroll"]
                points, after = local.scroll(
                    name, limit=1, offset=said.get("offset"), with_payload=True, with_vectors=True
                )
                result = {"points": [told(name, one) for one in points], "next_page_offset": after}
            return self.give(200, {"result": result, "status": "ok", "time": 0.0})

        def give(self, code, told):
            data = json.dumps(told).encode()
            self.send_response(code)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_POST = answer

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    service.url = f"qdrant+http://127.0.0.1:{server.server_port}"
    yield service
    server.shutdown()
    thread.join()
    server.server_close()
    local.close()
