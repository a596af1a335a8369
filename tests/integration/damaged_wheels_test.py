"""A damaged wheel is refused with its reason and disturbs nobody."""

import html
import os

from harness import Server, TestCase, main, query, run, wheelbarrow


class DamagedWheels(TestCase):
    def test_each_kind_is_refused_while_a_good_wheel_is_served(self):
        made = run(os.environ["MAKE_DAMAGED_WHEELS"], self.folder)
        self.assertEqual(made.returncode, 0, made.stderr)
        expected = dict(line.split("\t") for line in made.stdout.splitlines())
        self.assertGreaterEqual(len(expected), 30)
        with Server(wheels=self.folder, pyodide=None) as server:
            page = html.unescape(server.get("/").body.decode())
            log = "\n".join(server.log)
            for file, reason in expected.items():
                with self.subTest(file):
                    self.assertIn(file, page)
                    self.assertIn(reason, page)
                    self.assertIn(file, log)
                    inspected = wheelbarrow("inspect", self.folder / file)
                    self.assertEqual(inspected.returncode, 1, inspected.stdout)
                    self.assertIn(reason, inspected.stderr)
            self.assertEqual(server.metric("wheelbarrow_catalog_wheels"), 1)
            self.assertEqual(server.metric("wheelbarrow_catalog_refused"), len(expected))
            self.assertEqual(server.get(f"/bundle?{query('good')}").status, 200)


if __name__ == "__main__":
    main()
