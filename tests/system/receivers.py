"""Where news arrive, for tests: an HTTP server and a mail server that do as they are told, good and bad.

Needs Debian's python3-aiosmtpd.
"""

import asyncio
import email
import email.policy
import http.server
import json
import logging
import socketserver
import ssl
import subprocess
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # who goes away in the middle is what the tests are about
warnings.filterwarnings("ignore", module="aiosmtpd")


class HttpReceiver:
    """Keeps each request, and answers as `script` says: for the first request its first word, …, then "ok".

    Words: "ok"; a number, the status; (status, {header: value}); "close": no answer; "lie": half of a good answer;
    "stall": no answer until release() or the end; a function: called with the request, gives one of these.
    """

    def __init__(self, *script, port=0):
        self.script, self.requests, self.lock = list(script), [], threading.Lock()
        self.released = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(self, body)

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads, block_on_close, request_queue_size = True, False, 128

            def handle_error(self, *_):
                pass  # who is killed while it is answered

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def take(self, handler, body):
        request = {"path": handler.path, "headers": dict(handler.headers), "body": body, "confirmed": False}
        with self.lock:
            word = self.script.pop(0) if self.script else "ok"
            self.requests.append(request)
        if callable(word):
            word = word(request)
        if word == "stall":
            self.released.wait()
        if word in ("close", "stall"):
            handler.close_connection = True
            return
        status, headers = word if isinstance(word, tuple) else (word, {})
        if word in ("ok", "lie"):
            status = 200
        if 200 <= status < 300 and word != "lie":
            request["confirmed"] = True
        text = b'{"said": "%d"}' % status
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(text) + (100 if word == "lie" else 0)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(text)
        handler.close_connection = True

    def all(self):
        with self.lock:
            return list(self.requests)

    def confirmed(self):
        return [request for request in self.all() if request["confirmed"]]

    def bodies(self):
        """Of what was answered well, in the order of arrival."""
        return [json.loads(request["body"]) for request in self.confirmed()]

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class MailServer:
    """A mail server that keeps what it takes. `tls`: None, "starttls" or "tls", with the certificate that make() made.

    `at`: what it says instead of the usual, by stage: {"rcpt": function of the address, "data": function of the number
    of the mail from 1}; each gives an answer, "drop" (the connection ends), "stall", or None for the usual.
    """

    def __init__(self, certificate=None, tls=None, user=None, password=None, at=None):
        self.mails, self.attempts, self.at = [], 0, at or {}
        self.user, self.password = user, password
        self.tls, self.signed_in = tls, []
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(tls, ready))
        self.thread.start()
        ready.wait()

    def _run(self, tls, ready):
        asyncio.set_event_loop(self.loop)
        self.stalled = asyncio.Event()

        def protocol():
            return SMTP(self, loop=self.loop, hostname="mail.test", enable_SMTPUTF8=False,
                        tls_context=self.context if tls == "starttls" else None,
                        require_starttls=tls == "starttls", authenticator=self._authenticate if self.user else None,
                        auth_required=bool(self.user), auth_require_tls=tls == "starttls")
        server = self.loop.run_until_complete(self.loop.create_server(
            protocol, "127.0.0.1", 0, ssl=self.context if tls == "tls" else None))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0.05))
        self.loop.close()

    def _authenticate(self, _server, session, _envelope, _mechanism, data):
        good = (data.login.decode(), data.password.decode()) == (self.user, self.password)
        self.signed_in.append(good)
        return AuthResult(success=good, handled=good)  # not handled: the usual 535

    async def _instead(self, server, answer):
        if answer == "drop":
            server.transport.abort()
            return "421 gone"
        if answer == "stall":
            await self.stalled.wait()
            return "421 gone"
        return answer

    async def handle_RCPT(self, server, _session, envelope, address, _options):
        answer = self.at["rcpt"](address) if "rcpt" in self.at else None
        if answer:
            return await self._instead(server, answer)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.attempts += 1
        mail = {"from": envelope.mail_from, "to": list(envelope.rcpt_tos), "bytes": envelope.original_content,
                "mail": email.message_from_bytes(envelope.original_content, policy=email.policy.default),
                "tls": session.ssl is not None or self.tls == "tls"}
        answer = self.at["data"](self.attempts) if "data" in self.at else None
        if answer == "drop":  # taken, and the answer is lost
            self.mails.append(mail)
        if answer:
            return await self._instead(server, answer)
        self.mails.append(mail)
        return "250 taken as number %d" % len(self.mails)

    def stop(self):
        self.loop.call_soon_threadsafe(self.stalled.set)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


def make_certificate(folder):
    """A certificate of this machine that signs itself: (certificate, key)."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    return certificate, key
