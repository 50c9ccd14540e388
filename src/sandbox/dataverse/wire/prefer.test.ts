import { expect, test } from "vitest";
import { parsePrefer } from "./prefer.ts";

const FORMATTED = "OData.Community.Display.V1.FormattedValue";

// dataverse.md section 1.
test("one list of several preferences", () => {
  const prefer = parsePrefer(
    'odata.include-annotations="*", odata.maxpagesize=50,return=representation; odata.track-changes',
  );
  expect(prefer).toMatchObject({ annotations: "*", maxPageSize: 50, representation: true, trackChanges: true });
});

test.each([
  ["0", undefined],
  ["-1", undefined],
  ["x", undefined],
  ["1", 1],
  ["99999", 5000],
])("page size %s is %s", (text, size) => {
  expect(parsePrefer(`odata.maxpagesize=${text}`).maxPageSize).toBe(size);
});

test.each([
  ["*", true],
  [FORMATTED, true],
  ["OData.Community.*", true],
  ["*.FormattedValue", true],
  ["OData.*.FormattedValue", true],
  ["Microsoft.*", false],
  ["*.Formatted", false],
  [`Microsoft.Dynamics.CRM.lookuplogicalname,${FORMATTED}`, true],
])("annotations %s", (list, wanted) => {
  expect(parsePrefer(`odata.include-annotations="${list}"`).wants(FORMATTED)).toBe(wanted);
});

// OData 4.01 part 1, "Preference include-annotations", and the remarks on ODataPreferenceHeader.AnnotationFilter:
// the more specific pattern counts, whatever the order. That excluding goes before including the same is ours.
test.each([
  [`*,-${FORMATTED}`, false],
  [`-${FORMATTED},*`, false],
  ["*,-OData.*", false],
  ["OData.Community.*,-OData.*", true],
  [`-*,${FORMATTED}`, true],
  [`OData.*,-OData.Community.*,${FORMATTED}`, true],
  [`${FORMATTED},-${FORMATTED}`, false],
  ["*,-Microsoft.Dynamics.CRM.lookuplogicalname", true],
  ["-Microsoft.*", false],
  ["-*", false],
  ["-", false],
  ["*,-", true],
])("annotations without %s", (list, wanted) => {
  expect(parsePrefer(`odata.include-annotations="${list}"`).wants(FORMATTED)).toBe(wanted);
});

test("nothing preferred", () => {
  expect(parsePrefer(undefined)).toMatchObject({
    representation: false,
    maxPageSize: undefined,
    annotations: undefined,
  });
  expect(parsePrefer("return=minimal").representation).toBe(false);
});
