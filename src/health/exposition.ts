/**
 * The text of /metrics: of this process, or of all workers that share its port; then each series carries its `worker`.
 */
import { Injectable } from '@nestjs/common';
import cluster from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';
import { metrics } from '../common/metrics.js';
import { WorkerMetrics } from '../common/worker-metrics.js';
import { Samples } from './samples.js';

@Injectable()
export class Exposition {
  private readonly workers: WorkerMetrics | undefined;

  constructor(private readonly samples: Samples) {
    if (cluster.worker === undefined) return;
    for (const registry of [metrics, samples.registry])
      registry.setDefaultLabels({ worker: String(cluster.worker.id) });
    this.workers = new WorkerMetrics(async () => {
      const registry = await samples.take();
      return Promise.all([metrics.getMetricsAsJSON(), registry.getMetricsAsJSON()]);
    });
  }

  async text(): Promise<string> {
    if (this.workers !== undefined) return AggregatorRegistry.aggregate(await this.workers.gather()).metrics();
    const samples = await this.samples.take();
    return `${await metrics.metrics()}\n${await samples.metrics()}`;
  }
}
