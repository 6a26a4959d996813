// A backend with the node types `shout`, which makes texts loud word by word, and `echo`. Start it: node backend.mjs [PORT]
import { createServer } from "node:http";

function shout(input, emit) {
  if (typeof input?.text !== "string") return { success: false, output: null, error: "there is no text to shout" };
  const words = input.text.toUpperCase().split(" ");
  words.forEach((word) => emit(word));
  return { success: true, output: { text: words.join(" ") }, error: null };
}

const types = { shout, echo: (input) => ({ success: true, output: input, error: null }) };
const samples = { // What the conformance suite tries the backend with.
  succeeds: { type: "shout", input: { text: "hello" }, output: { text: "HELLO" } },
  fails: { type: "shout", input: {} },
  echoes: { type: "echo" },
  streams: { type: "shout", input: { text: "so loud" }, output: { text: "SO LOUD" }, chunks: ["SO", "LOUD"] },
};
const documents = {
  "/": { name: "shouting", version: "1", node_types: Object.keys(types), samples },
  "/capabilities": {
    streaming: true, parallel: true, async: false, distributed: false,
    exact_integers: false, // Numbers are doubles.
  },
  "/health": { healthy: true },
};

const server = createServer(async (request, response) => {
  const answer = (value, status = 200) =>
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
  const event = (type, data) => response.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  try {
    if (request.method === "GET") return answer(documents[request.url] ?? null, documents[request.url] ? 200 : 404);
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += part;
    const { node, node_context } = JSON.parse(body);
    const errors = Object.hasOwn(types, node.type) ? [] : [{ pointer: "/type", detail: `no type ${node.type}` }];
    if (request.url === "/nodes/validate") return answer({ valid: !errors.length, errors });
    if (errors.length) return answer({ detail: errors[0].detail }, 422);
    const execute = (emit) => types[node.type](node_context?.input_data ?? null, emit);
    if (!request.headers.accept?.includes("text/event-stream")) return answer(execute(() => {}));
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    event("result", execute((part) => event("chunk", part)));
    response.end();
  } catch (error) {
    answer({ detail: `expected a node: ${error}` }, 400);
  }
});

server.listen(Number(process.argv[2] ?? 9000), "127.0.0.1", () =>
  console.log(`listening on http://127.0.0.1:${server.address().port}`));
