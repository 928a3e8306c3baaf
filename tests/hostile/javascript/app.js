// A step in another language: one read, a diagnosis that cites it, and everything that could reach
// outside or make two runs differ.
import { sessions as sessionsOf } from "interlock:read/database@0.1.0";
import { now } from "interlock:step/clock@0.1.0";

// What came of reaching outside: the error's kind, or that it worked.
function attempt(name, reach) {
  try {
    const reached = reach();
    return `${name}: ${reached === undefined ? "not there" : "reached"}`;
  } catch (error) {
    return `${name}: ${error.name}`;
  }
}

function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const diagnose = {
  run(input) {
    const asked = sessionsOf("orders-db");
    const { sessions } = asked.get();
    const stuck = sessions.flatMap((one, n) => (one.state === "idle in transaction" ? [n] : []));
    console.log("seen", sessions.length, Math.random(), Date.now());
    return {
      summary: `${stuck.length} of ${sessions.length} sessions hold transactions open.`,
      hypotheses: [
        {
          cause: "idle_in_transaction",
          path: "open transactions keep their sessions",
          supports: [
            { call: asked.call(), items: stuck, says: `${stuck.length} idle in transaction` },
          ],
          contradicts: [],
          checks: [
            {
              what: "nothing is open",
              call: asked.call(),
              outcome: { tag: "passed" },
              says: "they are open",
            },
          ],
        },
      ],
      ruledOut: [],
      tried: ["traffic_surge"],
      couldNotCheck: [],
      unresolved: undefined,
      notes: [
        attempt("read a file", () => globalThis.require?.("fs")),
        // `fetch` is there, and a trap: what it needs is not linked.
        attempt("connect", () => globalThis.WebSocket),
        attempt("look up a name", () => globalThis.XMLHttpRequest),
        attempt("start a program", () => globalThis.process),
        `random ${random()} ${Math.random()}`,
        `clock ${now()} ${BigInt(Date.now()) * 1000000n} ${input.now}`,
      ],
      findings: undefined,
    };
  },
};
