"""Server and trainer of a pair start together, each with the hub's client, on one model cache."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "a" * 40
FILES = {"config.json": b"{}", "model.safetensors": bytes(1 << 20)}


def test_two_pods_that_start_together_download_each_file_once(tmp_path: Path) -> None:
    loads: Counter[str] = Counter()

    class Hub(BaseHTTPRequestHandler):
        """The hub's answers that a download needs: the list of files, and each file with its digest."""

        def do_GET(self) -> None:
            self.answer(body=True)

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def answer(self, body: bool) -> None:
            name = self.path.rsplit("/", 1)[-1]
            content = FILES.get(name, b"")
            if "/api/" in self.path:
                tree = [{"type": "file", "path": file, "size": len(data), "oid": file} for file, data in FILES.items()]
                about = {"id": "org/model", "sha": COMMIT, "siblings": [{"rfilename": file} for file in FILES]}
                content = json.dumps(tree if "/tree/" in self.path else about).encode()
            elif body:
                loads[name] += 1
                time.sleep(1)  # long enough for the other to ask for it too
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{name}-digest"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    hub = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{hub.server_port}"
    env = {**os.environ, "HF_HOME": str(tmp_path), "HF_ENDPOINT": address, "NO_PROXY": "*"}
    program = "from huggingface_hub import snapshot_download; print(snapshot_download('org/model', revision='main'))"
    pods = [
        subprocess.Popen([sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    folders = {pod.communicate(timeout=120)[0].strip() for pod in pods}
    hub.shutdown()
    assert [pod.returncode for pod in pods] == [0, 0]
    [folder] = folders
    assert {file.name: file.read_bytes() for file in Path(folder).iterdir()} == FILES
    assert loads == {"config.json": 1, "model.safetensors": 1}
