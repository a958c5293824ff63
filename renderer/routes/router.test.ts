/** Every address leads somewhere, every screen's address leads to itself, and a wrong job id is not taken for none. */
import { jobId } from "@zpu/protocol/ids";
import { describe, expect, it } from "vitest";
import { hrefOf, parseHash, type Route } from "./router.ts";

const id = jobId.parse(`0x${"0f".repeat(32)}`);

describe("addresses", () => {
  it.each<Route>([{ page: "jobs" }, { page: "jobs", jobId: id }, { page: "jobs", noJobId: "0x12" }, { page: "earnings" }, { page: "ask" }])(
    "round trip %o",
    (route) => expect(parseHash(hrefOf(route))).toEqual(route),
  );
  it.each(["", "#", "#/", "#/nowhere", "#/nowhere/0x12", "#/jobs", "#/jobs/"])("%s is the list of jobs", (hash) =>
    expect(parseHash(hash)).toEqual({ page: "jobs" }),
  );
  it.each(["0x12", "<script>", `${id}/more`, id.toUpperCase()])("%s in the place of a job id is kept, not dropped", (text) =>
    expect(parseHash(`#/jobs/${text}`)).toEqual({ page: "jobs", noJobId: text }),
  );
});
