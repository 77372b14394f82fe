/**
 * Labels of our images. Containers inherit the labels of their image, so none of these alone says
 * that a container belongs to a run: that takes the run's own label, set on the container.
 */
export const OWNER = 'orchestrator';

export const LABELS = {
  owner: 'dev.orchestrator.owner',
  runtime: 'dev.orchestrator.runtime',
  base: 'dev.orchestrator.base',
  /** Of images built from somebody's own Dockerfile: its build context. */
  context: 'dev.orchestrator.context',
} as const;
