/** A real broker for the time of a test, and a look at what is in it that goes past Playhead. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';

const SCRIPT = fileURLToPath(new URL('../../deploy/kafka/kafka.sh', import.meta.url));
const run = promisify(execFile);

export class Broker {
  /** Starts one; it goes with this process, however that ends. */
  static async start() {
    const broker = new Broker();
    broker.dir = await mkdtemp(join(tmpdir(), 'playhead-browser-kafka-'));
    const { stdout } = await run(SCRIPT, ['start', broker.dir, '--while-pid', String(process.pid)]);
    broker.brokers = stdout.trim();
    broker.admin = new Kafka({ brokers: broker.brokers.split(','), logLevel: logLevel.NOTHING }).admin();
    await broker.admin.connect();
    return broker;
  }

  /** Records ever written to a topic. */
  async written(topic) {
    const partitions = await this.admin.fetchTopicOffsets(topic);
    return partitions.reduce((sum, { high }) => sum + Number(high), 0);
  }

  async stop() {
    await this.admin.disconnect();
    await run(SCRIPT, ['stop', this.dir]);
    await rm(this.dir, { recursive: true, force: true });
  }
}
