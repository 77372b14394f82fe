/** The parts as they are in the product, each loaded when it is first needed. */

import type { Parts } from './parts.js';

export const realParts: Parts = {
  async loadConfig(request) {
    const { loadConfig } = await import('../config/load.js');
    return loadConfig(request);
  },
  async startOrchestrator(config, hooks) {
    const { startOrchestrator } = await import('../orchestrator.js');
    return startOrchestrator(config, hooks);
  },
  async openEngine() {
    const { openEngineTools } = await import('../engine-tools.js');
    return openEngineTools();
  },
};
