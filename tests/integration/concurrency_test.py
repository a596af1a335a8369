"""Many who ask for the same thing cause one build."""

import re
from concurrent.futures import ThreadPoolExecutor

from harness import Server, TestCase, main, make_wheel, query, run


class Concurrency(TestCase):
    def test_500_requests_for_a_new_set_cause_one_build(self):
        with Server() as server:
            done = run("h2load", "-n", "500", "-c", "50", "-m", "10", "-H", "accept-encoding: zstd",
                       f"{server.plain}/bundle?{query('numpy', 'lxml', 'python-docx')}")
            self.assertRegex(done.stdout, r"status codes: 500 2xx", done.stdout)
            self.assertEqual(server.metric("wheelbarrow_bundles_assembled_total"), 1)
            self.assertEqual(server.metric("wheelbarrow_layers_built_total"), 4)
            self.assertEqual(server.metric("wheelbarrow_wheels_copied_total"), 4)

    def test_a_full_build_queue_says_when_to_come_back(self):
        wheels = self.folder / "wheels"
        wheels.mkdir()
        for i in range(24):
            make_wheel(wheels, f"p{i}", "1.0", {f"p{i}.py": "x = 1\n" * 200_000})
        with Server("--build-queue", "1", "--build-threads", "1", wheels=wheels, pyodide=None) as server:
            with ThreadPoolExecutor(24) as pool:
                answers = list(pool.map(lambda i: server.get(f"/bundle?{query(f'p{i}')}"), range(24)))
            statuses = {a.status for a in answers}
            self.assertEqual(statuses, {200, 503})
            for answer in answers:
                if answer.status == 503:
                    self.assertRegex(answer.fields["retry-after"], r"^[1-9]\d*$")
                    self.assertEqual(answer.fields["content-type"], "application/problem+json")
            # Nothing is lost: each is answered when it asks again.
            for i in range(24):
                self.assertEqual(server.get(f"/bundle?{query(f'p{i}')}").status, 200)


if __name__ == "__main__":
    main()
