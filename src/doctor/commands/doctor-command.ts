import type { Command } from '../../common/command.js';
import { CHECKS } from '../check-list.js';
import type { DoctorMachine } from '../context.js';
import { DOCTOR_HELP, parseDoctorArguments } from '../doctor-arguments.js';
import { doctorContext } from '../doctor-request.js';
import { thisMachine } from '../machine.js';
import { HumanReport } from '../report/human-report.js';
import { JsonReport } from '../report/json-report.js';
import { runUntilStopped, type CheckReport } from '../run-checks.js';

const OK = 0;
const FAILURE = 1;

function isOkay(reports: readonly CheckReport[], isStrict: boolean): boolean {
  return reports.every(({ finding: { status } }) => status !== 'fail' && !(isStrict && status === 'warn'));
}

/** Finds what is wrong with a setup, as seen from this machine. */
export function doctorCommandOn(machine: DoctorMachine): Command {
  return {
    help: DOCTOR_HELP,
    async run(argv, io) {
      const asked = parseDoctorArguments(argv);
      const context = await doctorContext(asked, io, machine);
      const report = asked.isJson ? new JsonReport(io) : new HumanReport(io);
      const reports = await runUntilStopped(CHECKS, context, report, io);
      for (const work of context.atEnd) work();
      if (reports === undefined) {
        report.stopped();
        return FAILURE;
      }
      const isOk = isOkay(reports, asked.isStrict);
      report.summarise(reports, isOk);
      return isOk ? OK : FAILURE;
    },
  };
}

export const doctorCommand = doctorCommandOn(thisMachine);
