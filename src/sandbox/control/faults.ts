import { faultRule } from "../http/faults.ts";
import { type ControlOperations, listOf } from "./operation.ts";

export const FAULTS: ControlOperations = {
  "GET faults": {
    does: "The faults in force, with how often each still fires",
    handle: (controlled) => ({ faults: controlled.faults.list() }),
  },
  "POST faults": {
    does: "Adds a fault or a list of them",
    handle: (controlled, request) => controlled.faults.add(listOf(request, faultRule)),
  },
  "DELETE faults": { does: "Removes every fault", handle: (controlled) => controlled.faults.clear() },
};
