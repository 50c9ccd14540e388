import { pluginProblem, pluginRule } from "../dataverse/records/plugins.ts";
import { type ControlOperations, listOf, Refused } from "./operation.ts";

export const PLUGINS: ControlOperations = {
  "GET plugins": {
    does: "The simulated plug-ins",
    handle: (controlled) => ({ plugins: controlled.environment().plugins }),
  },
  "POST plugins": {
    does: "Adds a plug-in that rewrites a column or throws, or a list of them",
    source: "dataverse.md section 14",
    handle(controlled, request) {
      const { plugins, tables } = controlled.environment();
      const added = listOf(request, pluginRule);
      for (const plugin of added) {
        const problem = pluginProblem(plugin, tables);
        if (problem !== undefined) throw new Refused(problem);
      }
      plugins.push(...added);
    },
  },
  "DELETE plugins": {
    does: "Removes every plug-in",
    handle(controlled) {
      controlled.environment().plugins.length = 0;
    },
  },
};
