/** A publisher's own site on localhost: pages, scripts, files with byte ranges, and media that is late or missing. */

import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const TYPES = {
  '.js': 'text/javascript', '.mp4': 'video/mp4', '.m3u8': 'application/vnd.apple.mpegurl', '.ts': 'video/mp2t',
};

/**
 * `files`: path in the address to file on disk; `pages`: path to HTML; `scripts`: path to JavaScript. `before`, if given,
 * is awaited with the path of each request, and may say with `false` that there is nothing.
 */
export async function serveSite({ files = {}, pages = {}, scripts = {}, before = () => true }) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if ((await before(pathname)) === false) response.writeHead(404).end();
    else if (pathname in scripts) response.setHeader('Content-Type', 'text/javascript').end(scripts[pathname]);
    else if (pathname in pages) response.setHeader('Content-Type', 'text/html; charset=utf-8').end(pages[pathname]);
    else if (pathname in files) sendFile(files[pathname], request.headers.range, response);
    // Browsers ask every site for its icon.
    else response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${server.address().port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function sendFile(path, range, response) {
  const { size } = statSync(path);
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last ? Number(last) : size - 1;
  response.writeHead(first === undefined ? 200 : 206, {
    'Content-Type': TYPES[extname(path)],
    'Accept-Ranges': 'bytes',
    'Content-Length': end - start + 1,
    ...(first !== undefined && { 'Content-Range': `bytes ${start}-${end}/${size}` }),
  });
  createReadStream(path, { start, end }).pipe(response);
}
