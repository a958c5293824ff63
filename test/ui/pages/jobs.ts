/** The Jobs screen. */
import type { Locator, Page } from "playwright";

export class JobsPage {
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }

  get rows(): Locator {
    return this.page.locator("a[data-job]");
  }
  /** The row of one job; its `data-state` is the job's state. */
  row(jobId: string): Locator {
    return this.page.locator(`a[data-job="${jobId}"]`);
  }
  get detail(): Locator {
    return this.page.getByTestId("job-detail");
  }
  get answer(): Locator {
    return this.detail.getByTestId("answer");
  }
  /** Status of the five steps of the job shown, in their order. */
  async steps(): Promise<(string | null)[]> {
    return this.detail.getByRole("list", { name: "Progress" }).getByRole("listitem").evaluateAll((items) => items.map((item) => item.getAttribute("data-status"))); // prettier-ignore
  }
  get transactions(): Locator {
    return this.detail.getByRole("region", { name: "Transactions" }).getByRole("listitem");
  }
  /** Waits until `jobId` is listed in `state`. */
  async waitForState(jobId: string, state: string, timeoutMs: number): Promise<void> {
    await this.page.locator(`a[data-job="${jobId}"][data-state="${state}"]`).waitFor({ timeout: timeoutMs });
  }
}
