"""A server that is killed at any moment leaves whole blobs only."""

import hashlib
import random
import threading
import time

from harness import Server, TestCase, main, make_wheel, query, sha256

ROUNDS = 50
PROJECTS = 12


class Crash(TestCase):
    def check_blobs(self, data):
        count = 0
        for file in (data / "store" / "blobs").rglob("*"):
            if file.is_file():
                self.assertEqual(sha256(file.read_bytes()), file.name)
                count += 1
        return count

    def test_fifty_kills_leave_no_damaged_blob(self):
        seed = random.randrange(1 << 32)
        dice = random.Random(seed)
        wheels = self.folder / "wheels"
        data = self.folder / "data"
        wheels.mkdir()

        def ask(server, requirement):
            try:
                server.get(f"/bundle?{query(requirement)}", accept_encoding=dice.choice(["zstd", "gzip", "identity"]))
            except OSError:
                pass  # that is the point
            except Exception:
                if server.process.poll() is None:
                    raise

        for round_number in range(ROUNDS):
            for i in range(PROJECTS):  # new wheels, so that there is something to build
                noise = hashlib.sha256(f"{round_number} {i}".encode()).hexdigest()
                make_wheel(wheels, f"p{i}", f"1.{round_number}", {f"p{i}.py": f"x = '{noise}'\n" * 20_000})
                if round_number > 0:
                    (wheels / f"p{i}-1.{round_number - 1}-py3-none-any.whl").unlink()
            server = Server(wheels=wheels, data=data, pyodide=None)
            askers = [threading.Thread(target=ask, args=(server, f"p{i}")) for i in range(PROJECTS)]
            for asker in askers:
                asker.start()
            time.sleep(dice.uniform(0, 0.25))
            server.kill()
            for asker in askers:
                asker.join()
            with self.subTest(round=round_number, seed=seed):
                self.check_blobs(data)
        with Server(wheels=wheels, data=data, pyodide=None) as server:
            for i in range(PROJECTS):
                answer = server.get(f"/bundle?{query(f'p{i}')}")
                self.assertEqual(answer.fields["content-location"], f"bundles/{sha256(answer.body)}.tar")
            self.assertFalse([line for line in server.log if "blob dropped" in line])
        self.assertGreater(self.check_blobs(data), 2 * PROJECTS)


if __name__ == "__main__":
    main()
