// A backend with one node type, `shout`, which makes texts loud word by word. Start it with: node backend.mjs [PORT]
import { createServer } from "node:http";

const documents = {
  "/": { name: "shouting", version: "1", node_types: ["shout"] },
  "/capabilities": { streaming: true, parallel: true, async: false, distributed: false },
  "/health": { healthy: true },
};

function shout(input, emit) {
  if (typeof input?.text !== "string") return { success: false, output: null, error: "there is no text to shout" };
  const words = input.text.toUpperCase().split(" ");
  words.forEach(emit);
  return { success: true, output: { text: words.join(" ") }, error: null };
}

const server = createServer(async (request, response) => {
  const answer = (value, status = 200) =>
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
  const event = (type, data) => response.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  try {
    if (request.method === "GET" && documents[request.url]) return answer(documents[request.url]);
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += part;
    if (request.url === "/nodes/validate") {
      const known = JSON.parse(body).node.type === "shout";
      return answer({ valid: known, errors: known ? [] : [{ pointer: "/type", detail: "the only type is shout" }] });
    }
    if (request.url !== "/nodes/execute") return answer({ title: "Not found", status: 404 }, 404);
    const input = JSON.parse(body).node_context.input_data;
    if (!request.headers.accept?.includes("text/event-stream")) return answer(shout(input, () => {}));
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    event("result", shout(input, (word) => event("chunk", word)));
    response.end();
  } catch (error) {
    answer({ title: "Bad request", status: 400, detail: String(error) }, 400);
  }
});

server.listen(Number(process.argv[2] ?? 9000), "127.0.0.1", () =>
  console.log(`listening on http://127.0.0.1:${server.address().port}`));
