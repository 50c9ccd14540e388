import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "../server-process.ts";

// Takes whatever is sent, and says 204.

const server = createServer((request, response) => {
  request.resume();
  request.once("end", () => response.writeHead(204).end());
});
server.listen(0, "127.0.0.1", () => serve({ BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
