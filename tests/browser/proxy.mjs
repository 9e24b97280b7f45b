// SPDX-License-Identifier: Apache-2.0
// A proxy that takes a prefix off, as many do: http://…/some/mq/api/v1/topics asks for /api/v1/topics.
import { createServer, request } from 'node:http';

export async function start_proxy(prefix, to) {
  const server = createServer((asked, answer) => {
    if (!asked.url.startsWith(prefix)) {
      answer.writeHead(404).end();
      return;
    }
    const upstream = request({ host: '127.0.0.1', port: to, method: asked.method, path: asked.url.slice(prefix.length - 1), headers: asked.headers }, got => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    upstream.on('error', () => answer.writeHead(502).end());
    asked.pipe(upstream);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}${prefix}`, stop: () => server.close() };
}
