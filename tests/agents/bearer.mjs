// Adds a bearer token to what a client without one sends: the conformance suite has no option for
// it. Everything else passes as it is, the `Host` and `Origin` of the client included.
//
//     node bearer.mjs PORT TOKEN    listens on a free loopback port and prints it

import http from "node:http";

const [port, token] = process.argv.slice(2);

// A `Host` or an `Origin` that names this port means the server behind it.
const renamed = (name) => name?.replace(`:${server.address().port}`, `:${port}`);

const server = http.createServer((asked, answer) => {
  const named = { host: renamed(asked.headers.host) };
  if (asked.headers.origin) named.origin = renamed(asked.headers.origin);
  const onward = http.request(
    {
      host: "127.0.0.1",
      port,
      method: asked.method,
      path: asked.url,
      headers: { ...asked.headers, ...named, authorization: `Bearer ${token}` },
    },
    (said) => {
      answer.writeHead(said.statusCode, said.headers);
      said.pipe(answer);
    },
  );
  onward.on("error", () => answer.destroy());
  answer.on("close", () => onward.destroy());
  asked.pipe(onward);
});

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
