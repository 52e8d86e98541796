/** A collector's front door that fails as often as it is told to, and passes everything on after that. */

import { createServer } from 'node:http';

/** `answers` are what POSTs got, in order. */
export async function failingProxy(target, failures) {
  const answers = [];
  const pass = async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.setHeader('Access-Control-Allow-Origin', '*');
    if (request.method === 'POST' && answers.length < failures) {
      answers.push(500);
      response.writeHead(500).end();
      return;
    }
    const { host: _, connection: __, ...headers } = request.headers;
    const answer = await fetch(target + request.url, { method: request.method, headers, body: Buffer.concat(chunks) });
    answers.push(answer.status);
    response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
  };
  // A page that goes in the middle of a beacon sends it again, or has nobody left to tell.
  const server = createServer((request, response) => pass(request, response).catch(() => response.destroy()));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    answers,
    port: server.address().port,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
