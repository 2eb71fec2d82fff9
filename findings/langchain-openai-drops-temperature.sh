#!/usr/bin/env bash
# Guess:    ChatOpenAI(model=…, temperature=0.3, base_url=…) sends the temperature that was set,
#           above all to a server of one's own.
# Happens:  for model names that begin with gpt-5, langchain-openai 1.7.4 leaves any temperature
#           but 1 out of the request, without a warning and whatever the address is.
# Matters:  proposals are made diverse by asking at several temperatures. For such a name all of
#           them are one and the same setting, and a record of what was asked is wrong. Compare
#           what was sent, not what was set.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check langchain-openai==1.7.4
env/bin/python - <<'PY'
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from threading import Thread

from langchain_openai import ChatOpenAI

bodies = []


class Server(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        message = {"role": "assistant", "content": "ok"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        reply = json.dumps(
            {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args: object) -> None:
        pass


server = HTTPServer(("127.0.0.1", 0), Server)
Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v1"
for model in ("my-model", "gpt-5-mini"):
    for temperature in (0.3, 0.7, 1.0):
        ChatOpenAI(model=model, temperature=temperature, base_url=url, api_key="none").invoke("hi")
server.shutdown()
sent = [(body["model"], body.get("temperature")) for body in bodies]
print("langchain-openai", version("langchain-openai"))
for model, temperature in sent:
    print(f"{model}: temperature {temperature}")
assert sent[:3] == [("my-model", 0.3), ("my-model", 0.7), ("my-model", 1.0)], sent
assert sent[3:] == [("gpt-5-mini", None), ("gpt-5-mini", None), ("gpt-5-mini", 1.0)], sent
PY
# Seen:
#   langchain-openai 1.7.4
#   my-model: temperature 0.3
#   my-model: temperature 0.7
#   my-model: temperature 1.0
#   gpt-5-mini: temperature None
#   gpt-5-mini: temperature None
#   gpt-5-mini: temperature 1.0
