export { countConnections } from './connection-counts.js';
export { measureDisk } from './data-size.js';
export { instrumentedStore } from './instrumented-store.js';
export { createMetrics, type Metrics, measureProcess } from './metrics.js';
export { measureOldestCheck } from './oldest-check.js';
