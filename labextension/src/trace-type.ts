/** The MIME type of a run's trace document in a cell output. */
export const TRACE_TYPE = 'application/vnd.agentkit.trace+json';
