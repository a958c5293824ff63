/** Every address leads somewhere, and every screen's address leads to itself. */
import { jobId } from "@zpu/protocol/ids";
import { describe, expect, it } from "vitest";
import { hrefOf, parseHash, type Route } from "./router.ts";

const id = jobId.parse(`0x${"0f".repeat(32)}`);

describe("addresses", () => {
  it.each<Route>([{ page: "jobs" }, { page: "jobs", jobId: id }, { page: "earnings" }, { page: "ask" }])("round trip %o", (route) =>
    expect(parseHash(hrefOf(route))).toEqual(route),
  );
  it.each(["", "#", "#/", "#/nowhere", "#/jobs/0x12", "#/jobs/<script>"])("%s is the list of jobs", (hash) =>
    expect(parseHash(hash)).toEqual({ page: "jobs" }),
  );
});
