"""Changes in the folders appear without a restart; a restart reads nothing again."""

import json
import time

from harness import Server, TestCase, main, make_wheel, query


class WheelhouseChanges(TestCase):
    def wait_for_version(self, server, version):
        deadline = time.monotonic() + 30
        while True:
            answer = server.get(f"/resolve?{query('app')}")
            found = json.loads(answer.body)["wheels"][0]["version"] if answer.status == 200 else answer.status
            if found == version:
                return
            self.assertLess(time.monotonic(), deadline, f"{found} instead of {version}")
            time.sleep(0.05)

    def test_wheels_come_and_go_while_the_server_runs(self):
        wheels = self.folder / "wheels"
        wheels.mkdir()
        make_wheel(wheels, "app", "1.0")
        with Server(wheels=wheels, pyodide=None) as server:
            self.wait_for_version(server, "1.0")
            old = server.get(f"/bundle?{query('app')}")
            newer = make_wheel(wheels, "app", "2.0")
            self.wait_for_version(server, "2.0")
            self.assertNotEqual(server.get(f"/bundle?{query('app')}").fields["content-location"],
                                old.fields["content-location"])
            newer.unlink()
            self.wait_for_version(server, "1.0")
            # What was handed out stays.
            (wheels / "app-1.0-py3-none-any.whl").unlink()
            self.wait_for_version(server, 422)
            again = server.get("/" + old.fields["content-location"])
            self.assertEqual((again.status, again.body), (200, old.body))

    def test_a_wheel_rebuilt_under_its_name_is_in_the_next_bundle(self):
        wheels = self.folder / "wheels"
        wheels.mkdir()
        make_wheel(wheels, "app", "1.0", {"app.py": "before = 1\n"})
        with Server(wheels=wheels, pyodide=None) as server:
            first = server.get(f"/bundle?{query('app')}").body
            self.assertIn(b"before = 1", first)
            make_wheel(wheels, "app", "1.0", {"app.py": "after = 1\n"})
            deadline = time.monotonic() + 30
            while b"after = 1" not in server.get(f"/bundle?{query('app')}").body:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)

    def test_a_restart_knows_what_was_known(self):
        data = self.folder / "data"
        for expected in (r"wheels=11 refused=0 .*read=1[1-9]", r"wheels=11 refused=0 .*read=0"):
            with Server(data=data) as server:
                server.wait_for_log(expected)


if __name__ == "__main__":
    main()
