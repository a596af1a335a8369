"""/metrics, config/README.md's table of it, the dashboard and the alert rules, in a real Prometheus."""

import json
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import http2_frames as h2
from harness import SOURCE, AppTestCase, main, make_wheel, run

RULES = SOURCE / "config" / "alerts.yml"
DASHBOARD = SOURCE / "config" / "grafana-dashboard.json"
RULE_TESTS = SOURCE / "tests" / "integration" / "alerts_test.yml"


def metrics(server):
    return server.request(server.admin, "/metrics").body.decode()


def names_of(text):
    return set(re.findall(r"(?m)^# TYPE (\S+) ", text))


def series_of(text):
    """{("name", frozenset of labels): value}"""
    series = {}
    for name, labels, value in re.findall(r'(?m)^([a-z_]+)(?:\{(.*)\})? (\S+)$', text):
        series[name, frozenset(re.findall(r'(\w+)="([^"]*)"', labels))] = float(value)
    return series


def names_in(expression):
    """The metrics that an expression in PromQL asks for."""
    return {re.sub("_(bucket|sum|count)$", "", name)
            for name in re.findall(r"\b((?:wheelbarrow|process)_[a-z_]+)", expression)}


class Metrics(AppTestCase):
    def wait_for(self, server, condition):
        """The series, once they meet the condition: a request counts when it is over, a moment after its client has all."""
        deadline = time.monotonic() + 30
        while not condition(series := series_of(metrics(server))):
            self.assertLess(time.monotonic(), deadline, series)
            time.sleep(0.05)
        return series


class Counting(Metrics):
    def test_requests_by_route_status_coding_and_protocol(self):
        with self.serve("--threads", "2") as server:
            body = server.get("/bundle?r=app", Accept_Encoding="zstd").body
            for _ in range(3):
                server.get("/simple/app/")
            server.get("/none")
            run("curl", "-sk", "--http2", f"{server.tls}/simple/app/", f"{server.tls}/simple/app/")
            with h2.connect(server.plain, "http/1.1") as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
                client.recv(1000)

            def count(name, **labels):
                return lambda series: series.get((name, frozenset(labels.items())), 0)

            requests = "wheelbarrow_http_requests_total"
            series = self.wait_for(server, lambda series: sum(
                value for (name, _), value in series.items() if name == requests) == 8)
            for expected, labels in [
                (1, dict(route="/bundle", status="200", coding="zstd", protocol="http/1.1")),
                (3, dict(route="/simple", status="200", coding="identity", protocol="http/1.1")),
                (2, dict(route="/simple", status="200", coding="identity", protocol="h2")),
                (1, dict(route="static", status="404", coding="identity", protocol="http/1.1")),
            ]:
                self.assertEqual(count(requests, **labels)(series), expected, (labels, series))
            self.assertEqual(sum(value for (name, labels), value in series.items()
                                 if name == requests and ("status", "400") in labels), 1)
            self.assertEqual(count("wheelbarrow_http_sent_bytes_total", route="/bundle", coding="zstd",
                                   protocol="http/1.1")(series), len(body))
            for name in ("wheelbarrow_http_answer_seconds", "wheelbarrow_http_request_duration_seconds"):
                self.assertEqual(count(name + "_count", route="/simple")(series), 5)
                self.assertEqual(count(name + "_bucket", route="/simple", le="+Inf")(series), 5)
                self.assertGreater(count(name + "_sum", route="/simple")(series), 0)
                buckets = [value for (bucket, labels), value in series.items()
                           if bucket == name + "_bucket" and ("route", "/simple") in labels]
                self.assertEqual(buckets, sorted(buckets))

    def test_caches_layers_and_the_store(self):
        with self.serve("--data-budget", "1G") as server:
            for _ in range(3):
                server.get("/bundle?r=app")
            series = self.wait_for(server, lambda series: series[
                "wheelbarrow_layers", frozenset({("state", "stored")})] == 1)
            use = {(dict(labels)["kind"], dict(labels)["result"]): value
                   for (name, labels), value in series.items() if name == "wheelbarrow_cache_lookups_total"}
            self.assertEqual({kind for kind, _ in use},
                             {"answer", "set", "resolution", "bundle", "layer", "form", "wheel", "file"})
            self.assertEqual(use["layer", "miss"], 1)
            self.assertGreaterEqual(use["set", "hit"], 2)
            plain = {name: value for (name, labels), value in series.items() if not labels}
            self.assertEqual((plain["wheelbarrow_store_budget_bytes"], plain["wheelbarrow_store_writable"],
                              plain["wheelbarrow_store_readable"], plain["wheelbarrow_layers_built_total"],
                              plain["wheelbarrow_catalog_wheels"], plain["wheelbarrow_builds_limit"]),
                             (1 << 30, 1, 1, 1, 1, 256))
            on_disk = sum(file.stat().st_size for file in (server.data / "store" / "blobs").rglob("*") if file.is_file())
            self.assertLessEqual(abs(server.metric("wheelbarrow_store_bytes") - on_disk), on_disk / 2)
            kinds = {dict(labels)["kind"] for name, labels in series if name == "wheelbarrow_store_kind_bytes"}
            self.assertLessEqual({"layer", "wheel"}, kinds)

    def test_refused_builds(self):
        for number in range(12):
            make_wheel(self.wheels, f"other{number}", "1.0")
        with self.serve("--build-queue", "1", "--build-threads", "1") as server:
            with ThreadPoolExecutor(12) as clients:
                statuses = list(clients.map(lambda number: server.get(f"/bundle?r=other{number}").status, range(12)))
            self.assertIn(503, statuses)
            self.assertEqual(server.metric("wheelbarrow_builds_refused_total"), statuses.count(503))

    def test_connections_and_handshakes(self):
        with self.serve("--max-connections-per-address", "2") as server:
            clients = [h2.connect(server.plain, "http/1.1") for _ in range(2)]
            self.wait_for(server, lambda series: series["wheelbarrow_connections", frozenset()] == 2)
            with socket.create_connection(h2.urlsplit(server.plain).netloc.split(":")) as third:
                self.assertEqual(third.recv(1), b"")
            for client in clients:
                client.close()
            self.wait_for(server, lambda series: series["wheelbarrow_connections", frozenset()] == 0)
            with socket.create_connection(h2.urlsplit(server.tls).netloc.split(":")) as nonsense:
                nonsense.sendall(b"GET / HTTP/1.1\r\n\r\n")
                nonsense.recv(100)
            series = self.wait_for(server, lambda series: series["wheelbarrow_tls_handshake_failures_total", frozenset()] == 1)
            self.assertEqual([series["wheelbarrow_connections" + name, frozenset()]
                              for name in ("_accepted_total", "_refused_total", "_limit")], [4, 1, 10_000])


class Names(Metrics):
    def test_the_readme_names_them_all(self):
        table = (SOURCE / "config/README.md").read_text().split("| metric (all begin with `wheelbarrow_`)")[1].split("\n\n")[0]
        cells = [row.split("|")[1] for row in table.splitlines()[2:]]
        documented = {"wheelbarrow_" + name: set(filter(None, labels.strip("{}").split(",")))
                      for cell in cells for name, labels in re.findall(r"`([a-z_]+)(\{[a-z,]*\})?`", cell)}
        for name in ("process_start_time_seconds", "process_cpu_seconds_total"):
            self.assertIn(name, table)
            documented[name] = set()
        with self.serve() as server:
            server.get("/bundle?r=app")
            self.wait_for(server, lambda series: any(name == "wheelbarrow_http_requests_total" for name, _ in series))
            text = metrics(server)
        self.assertEqual(set(documented), names_of(text))
        for name, labels in series_of(text):
            known = documented[re.sub("_(bucket|sum|count)$", "", name) if name not in documented else name]
            self.assertEqual({label for label, _ in labels} - {"le"}, known, name)

    def test_the_dashboard_and_the_rules_ask_for_what_there_is(self):
        with self.serve() as server:
            there = names_of(metrics(server))
        dashboard = json.loads(DASHBOARD.read_text())
        expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(expressions), 20)
        self.assertEqual(len({panel["id"] for panel in dashboard["panels"]}), len(dashboard["panels"]))
        asked = set().union(*map(names_in, expressions))
        self.assertEqual(asked - there, set())
        # What is counted can be seen.
        self.assertEqual(there - asked, set())
        self.assertEqual(names_in(RULES.read_text()) - there, set())

    def test_promtool_is_content(self):
        for words in (["check", "rules", RULES], ["test", "rules", RULE_TESTS]):
            done = run("promtool", *words)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        tested = set(re.findall(r"exp_alerts|alertname: (\w+)\n +exp_alerts", RULE_TESTS.read_text()))
        self.assertEqual(set(re.findall(r"- alert: (\w+)", RULES.read_text())) - tested, set())
        with self.serve() as server:
            server.get("/bundle?r=app")
            done = subprocess.run(["promtool", "check", "metrics"], input=metrics(server), capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class Prometheus(Metrics):
    def start(self, server):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        configuration = self.folder / "prometheus.yml"
        configuration.write_text(f"""
            global: {{scrape_interval: 1s, evaluation_interval: 1s}}
            rule_files: ["{RULES}"]
            scrape_configs:
              - job_name: wheelbarrow
                static_configs: [targets: ["{server.admin.removeprefix("http://")}"]]
            """)
        done = run("promtool", "check", "config", configuration)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        log = open(self.folder / "prometheus.log", "w")
        self.addCleanup(log.close)
        process = subprocess.Popen(["prometheus", f"--config.file={configuration}", f"--web.listen-address={address}",
                                    f"--storage.tsdb.path={self.folder / 'tsdb'}"], stdout=log, stderr=log)
        self.addCleanup(lambda: (process.terminate(), process.wait(30)))
        return f"http://{address}"

    def ask(self, base, path, condition):
        """Asks until the answer's data meets the condition."""
        deadline = time.monotonic() + 60
        data = None
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(base + path, timeout=10) as answer:
                    data = json.load(answer)["data"]
                if condition(data):
                    return data
            except OSError:
                pass  # it starts
            time.sleep(0.2)
        raise AssertionError(f"{path}: {data}\n{(self.folder / 'prometheus.log').read_text()[-3000:]}")

    def query(self, base, expression, condition=lambda result: result):
        path = "/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        return self.ask(base, path, lambda data: condition(data["result"]))["result"]

    def test_it_scrapes_and_a_rule_fires(self):
        (self.wheels / "bad-1.0-py3-none-any.whl").write_bytes(b"no zip")
        with self.serve() as server:
            for _ in range(5):
                server.get("/bundle?r=app", Accept_Encoding="zstd")
            base = self.start(server)
            [result] = self.query(base, 'sum(wheelbarrow_http_requests_total{route="/bundle",coding="zstd"})')
            self.assertEqual(result["value"][1], "5")
            alerts = self.ask(base, "/api/v1/alerts", lambda data: any(
                alert["state"] == "firing" for alert in data["alerts"]))["alerts"]
            firing = [alert for alert in alerts if alert["state"] == "firing"]
            self.assertEqual([alert["labels"]["alertname"] for alert in firing], ["WheelbarrowWheelsRefused"])
            self.assertEqual(firing[0]["annotations"]["summary"], f"{server.admin.removeprefix('http://')} refused 1 wheels; "
                             "its log and its page say which and why")
            # Every question of the dashboard is one that Prometheus understands.
            for panel in json.loads(DASHBOARD.read_text())["panels"]:
                for target in panel["targets"]:
                    expression = target["expr"].replace("$__rate_interval", "30s").replace("$instance", ".+")
                    self.query(base, expression, lambda result: True)
            # When the cause is gone, so is the alert.
            (self.wheels / "bad-1.0-py3-none-any.whl").unlink()
            self.ask(base, "/api/v1/alerts", lambda data: not data["alerts"])


if __name__ == "__main__":
    main()
