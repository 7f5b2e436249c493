import type { CheckStatus, Finding } from './check.js';

export interface LabelledFinding {
  /** Names the tenant that the finding is about. */
  readonly label: string;
  readonly finding: Finding;
}

const WORST_FIRST: readonly CheckStatus[] = ['fail', 'warn', 'pass', 'skip'];
const PROBLEMS: readonly CheckStatus[] = ['fail', 'warn'];
/** Every problem is shown, but only so many results without a problem. */
const SHOWN_RESULTS = 3;

/** One finding about several tenants: it has the worst status, and shows every problem with its tenants. */
export function mergedFinding(findings: readonly LabelledFinding[]): Finding {
  const statuses = new Set(findings.map(({ finding }) => finding.status));
  const status = WORST_FIRST.find((one) => statuses.has(one)) ?? 'skip';
  const isProblem = PROBLEMS.includes(status);
  const shown = findings.filter(({ finding }) =>
    isProblem ? PROBLEMS.includes(finding.status) : finding.status === status,
  );
  const lines = linesOf(shown, findings.length);
  const details = isProblem ? lines : lines.slice(0, SHOWN_RESULTS);
  const hints = new Set(shown.flatMap(({ finding: { hint } }) => hint ?? []));
  return {
    status,
    detail: [...details, ...(details.length < lines.length ? ['…'] : [])].join('; '),
    hint: hints.size === 0 ? undefined : [...hints].join(' '),
    isPartial: findings.some(({ finding }) => finding.status !== 'fail'),
  };
}

/** One line for each detail, with the tenants that it is about. */
function linesOf(shown: readonly LabelledFinding[], tenants: number): string[] {
  const labelsByDetail = new Map<string, string[]>();
  for (const { label, finding } of shown) {
    labelsByDetail.set(finding.detail, [...(labelsByDetail.get(finding.detail) ?? []), label]);
  }
  return [...labelsByDetail].map(([detail, labels]) => {
    const isAboutAll = tenants > 1 && labels.length === tenants;
    return `${isAboutAll ? 'every tenant' : labels.join(', ')}: ${detail}`;
  });
}
