import { run } from "./run.mjs";

self.onmessage = async ({ data: [base, requirements, program] }) => {
  try {
    self.postMessage({ value: await run(base, requirements, program) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
