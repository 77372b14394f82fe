/**
 * Labels of everything we make on an engine. Containers inherit their image's labels, so only
 * `RUN` says that a container belongs to a run; never judge by the owner alone.
 */

export const LABEL = {
  owner: 'dev.orchestrator.owner',
  /** Id of the run that made it. */
  run: 'dev.orchestrator.run',
  function: 'dev.orchestrator.function',
  /** On containers that only hold a network for another one. */
  holder: 'dev.orchestrator.holder',
  /** On containers started before it was known for which function: it names their network. */
  blank: 'dev.orchestrator.blank',
  /** Identity of the process whose run it is, as JSON: who may say whether it is still alive. */
  process: 'dev.orchestrator.process',
  /** On the services container: the state folder it lives as long as. It belongs to no run. */
  state: 'dev.orchestrator.state',
  /** Machine the process runs on. */
  host: 'dev.orchestrator.host',
} as const;

export const OWNER = 'orchestrator';

export function runFilter(runId: string): string[] {
  return [`${LABEL.run}=${runId}`];
}
