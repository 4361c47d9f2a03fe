export { countConnections } from './connection-counts.js';
export { instrumentedStore } from './instrumented-store.js';
export { createMetrics, type Metrics, measureProcess } from './metrics.js';
