// Starts keywalk-mock and keywalk-proxy on free ports and stops them again.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START_LIMIT_MS = 20_000;
const CALL_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 20_000;

// Resolves to what `promise` gives, or fails after the limit.
function within(limitMs, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// One server process, ready: its `listening on HOST:PORT` has been read.
class Server {
  constructor(child, url) {
    this.child = child;
    this.url = url;
  }

  static async start(program, args) {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let log = '';
    child.stderr.on('data', (bytes) => { log += bytes; });
    const address = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code) => reject(new Error(`${program} ended with ${code}\n${log}`)));
      child.stdout.on('data', (bytes) => {
        output += bytes;
        const match = /^listening on (\S+)$/m.exec(output);
        if (match) resolve(match[1]);
      });
    });
    try {
      const hostAndPort = await within(START_LIMIT_MS, `start of ${program}`, address);
      return new Server(child, `http://${hostAndPort}`);
    } catch (problem) {
      child.kill('SIGKILL');
      throw new Error(`${problem.message}\n${log}`);
    }
  }

  // Asks it to stop; resolves to its exit code, or to the name of the signal that ended it.
  async stop() {
    const { exitCode, signalCode } = this.child;
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode;
    const ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => resolve(code ?? signal));
    });
    this.child.kill('SIGTERM');
    try {
      return await within(STOP_LIMIT_MS, 'stop', ended);
    } catch (problem) {
      this.child.kill('SIGKILL');
      throw problem;
    }
  }
}

// A mock upstream and any number of proxies before it, with a folder for their files.
export class Servers {
  static async start(binaries, script) {
    const servers = new Servers();
    servers.binaries = binaries;
    servers.folder = await mkdtemp(join(tmpdir(), 'keywalk-sdk-'));
    servers.running = [];
    const scriptFile = await servers.writeFile('script.json', JSON.stringify(script));
    servers.mock = await servers.launch(
      'keywalk-mock', ['--listen', '127.0.0.1:0', '--script', scriptFile]);
    return servers;
  }

  async writeFile(name, text) {
    const path = join(this.folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }

  async launch(program, args) {
    const server = await Server.start(join(this.binaries, program), args);
    this.running.push(server);
    return server;
  }

  // A proxy with these keys, which clients use with `clientToken`.
  async proxy({ name, provider, basePath, keys, clientToken }) {
    const keysFile = await this.writeFile(`${name}.keys`, keys.join('\n') + '\n');
    const tokenFile = await this.writeFile(`${name}.tokens`, clientToken + '\n');
    return this.launch('keywalk-proxy', [
      '--listen', '127.0.0.1:0', '--provider', provider, '--base-url', this.mock.url + basePath,
      '--keys-file', keysFile, '--client-token-file', tokenFile]);
  }

  // The mock's journal of the lanes whose names begin with `prefix`, in order of arrival.
  async journalOf(prefix) {
    const signal = AbortSignal.timeout(CALL_LIMIT_MS);
    const answer = await fetch(`${this.mock.url}/__mock/journal`, { signal });
    const entries = await answer.json();
    return entries.filter((entry) => entry.lane.startsWith(prefix));
  }

  // The lanes themselves.
  async lanesServed(prefix) {
    return (await this.journalOf(prefix)).map((entry) => entry.lane);
  }

  // Stops everything; resolves to the exit codes.
  async stop() {
    const codes = await Promise.all(this.running.map((server) => server.stop()));
    await rm(this.folder, { recursive: true, force: true });
    return codes;
  }
}
