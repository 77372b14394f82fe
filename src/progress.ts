/** What long work tells whoever watches it. The terminal draws it; nothing else depends on it. */

export interface ProgressEvent {
  readonly kind: 'step';
  /** Names the step and is shown as it is, such as `Image for nodejs22.x`. Equal names are one step. */
  readonly step: string;
  /** What it is doing now, how it ended, or why it failed. One line. */
  readonly detail?: string;
  readonly state: 'started' | 'running' | 'done' | 'failed';
}
