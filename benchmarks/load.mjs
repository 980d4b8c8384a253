// node load.mjs PLAN.json: keeps `connections` busy for `seconds` with the requests of the plan, in turn, over raw
// keep-alive sockets on loopback, and prints one JSON line: requests, seconds, statuses, latencies in milliseconds.
import net from 'node:net';
import { readFileSync } from 'node:fs';

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { host, port, connections, seconds, requests } = plan;
if (host !== '127.0.0.1') throw new Error('loopback only');

const encoded = requests.map(({ method, path, headers, body }) => {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}:${port}`, 'Connection: keep-alive'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body) lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`);
  return Buffer.from(lines.join('\r\n') + '\r\n\r\n' + (body || ''));
});

let next = 0, done = 0, measuring = false, stopped = false, ran_out = false;
const latencies = [], statuses = {};
let sample = '';

class Connection {
  constructor() {
    this.buffer = Buffer.alloc(0);
    this.socket = net.connect(port, host, () => this.send());
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk) => this.receive(chunk));
    this.socket.on('error', (error) => { if (!stopped) { console.error(error.message); process.exit(1); } });
    this.socket.on('close', () => { if (!stopped) new Connection(); });
  }
  send() {
    if (stopped) return this.socket.destroy();
    if (next >= encoded.length) {
      if (plan.once) { ran_out = true; return finish(); }
      next = 0;
    }
    this.began = performance.now();
    this.socket.write(encoded[next++]);
  }
  receive(chunk) {
    this.buffer = this.buffer.length ? Buffer.concat([this.buffer, chunk]) : chunk;
    const head = this.buffer.indexOf('\r\n\r\n');
    if (head < 0) return;
    const text = this.buffer.toString('latin1', 0, head);
    const length = /content-length: (\d+)/i.exec(text);
    let end = head + 4;
    if (length) end += Number(length[1]);
    else if (/transfer-encoding: chunked/i.test(text)) {
      const tail = this.buffer.indexOf('0\r\n\r\n', head);
      if (tail < 0) return;
      end = tail + 5;
    }
    if (this.buffer.length < end) return;
    if (measuring) {
      const status = text.slice(9, 12);
      statuses[status] = (statuses[status] || 0) + 1;
      if (status[0] !== '2' && !sample) sample = this.buffer.toString('utf8', 0, Math.min(end, 900));
      latencies.push(performance.now() - this.began);
      done += 1;
    }
    this.buffer = this.buffer.subarray(end);
    this.send();
  }
}

// One after the other: of sixteen at once, the worker that wakes first may take all.
for (let i = 0; i < connections; i++) setTimeout(() => { if (!stopped) new Connection(); }, 10 * i);
let started;
setTimeout(() => { measuring = true; started = performance.now(); console.log('START'); }, plan.warmup * 1000);
setTimeout(finish, (plan.warmup + seconds) * 1000);

function finish() {
  if (stopped) return;
  stopped = true;
  const took = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies.length ? latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] : null;
  console.log(JSON.stringify({ requests: done, seconds: took, per_second: done / took, statuses, ran_out, sample,
    p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) }));
  process.exit(0);
}
